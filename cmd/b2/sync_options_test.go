package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2sync"
)

// parseSync reads options as the command line does.
func parseSync(t *testing.T, words ...string) *syncOptions {
	t.Helper()
	var o syncOptions
	flags := pflag.NewFlagSet("sync", pflag.ContinueOnError)
	o.add(flags)
	if err := flags.Parse(words); err != nil {
		t.Fatal(err)
	}
	return &o
}

func TestSyncOptions(t *testing.T) {
	base := b2sync.Options{Files: 10}
	with := func(change func(*b2sync.Options)) b2sync.Options {
		o := base
		change(&o)
		return o
	}
	tests := map[string]struct {
		words string
		want  b2sync.Options
	}{
		"nothing":        {"", base},
		"dry run":        {"--dry-run", with(func(o *b2sync.Options) { o.DryRun = true })},
		"empty source":   {"--allow-empty-source", with(func(o *b2sync.Options) { o.AllowEmpty = true })},
		"by size":        {"--compare-versions size", with(func(o *b2sync.Options) { o.Compare = b2sync.CompareSize })},
		"by nothing":     {"--compare-versions none", with(func(o *b2sync.Options) { o.Compare = b2sync.CompareNone })},
		"threshold":      {"--compare-threshold 1500", with(func(o *b2sync.Options) { o.Threshold = 1500 })},
		"skip newer":     {"--skip-newer", with(func(o *b2sync.Options) { o.Newer = b2sync.NewerSkipped })},
		"replace newer":  {"--replace-newer", with(func(o *b2sync.Options) { o.Newer = b2sync.NewerReplaced })},
		"stop on newer":  {"--stop-on-newer", with(func(o *b2sync.Options) { o.Newer = b2sync.NewerStops })},
		"delete":         {"--delete", with(func(o *b2sync.Options) { o.Extraneous = b2sync.ExtraneousDeleted })},
		"keep days":      {"--keep-days 1.5", with(func(o *b2sync.Options) { o.Extraneous, o.KeepDays = b2sync.ExtraneousKeepDays, 1.5 })},
		"links":          {"--exclude-all-symlinks", with(func(o *b2sync.Options) { o.ExcludeLinks = true })},
		"seconds":        {"--exclude-if-modified-after 1367900664.152", with(func(o *b2sync.Options) { o.ModifiedAfter = new(int64(1367900664152)) })},
		"milliseconds":   {"--exclude-if-uploaded-after 1367900664152", with(func(o *b2sync.Options) { o.UploadedAfter = new(int64(1367900664152)) })},
		"threads":        {"--threads 25", with(func(o *b2sync.Options) { o.Files = 25 })},
		"sync threads":   {"--sync-threads 4 --upload-threads 2", with(func(o *b2sync.Options) { o.Files = 4 })},
		"streams":        {"--max-download-streams-per-file 3", with(func(o *b2sync.Options) { o.Streams = 3 })},
		"no hash":        {"--skip-hash-verification", with(func(o *b2sync.Options) { o.SkipHash = true })},
		"fsync":          {"--fsync", with(func(o *b2sync.Options) { o.Fsync = true })},
		"no large hash":  {"--no-large-file-sha1", with(func(o *b2sync.Options) { o.NoLargeSHA1 = true })},
		"names removed":  {"--max-delete 7", with(func(o *b2sync.Options) { o.MaxDelete = &b2sync.Limit{Names: 7} })},
		"share of names": {"--max-delete 2.5%", with(func(o *b2sync.Options) { o.MaxDelete = &b2sync.Limit{Percent: 2.5, Share: true} })},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseSync(t, strings.Fields(test.words)...).engine(nil)
			got.Throttle, got.Hashes = nil, nil // made for each run
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s is %+v, %v\nwant %+v", test.words, got, err, test.want)
			}
		})
	}
}

func TestSyncOptionsThatMakeNoSense(t *testing.T) {
	for words, want := range map[string]string{
		"--threads 3 --sync-threads 4":      "--threads cannot be used with other thread options",
		"--threads 3 --upload-threads 11":   "--threads cannot be used with other thread options",
		"--threads 0":                       "--threads 0: must be from 1 to 10000",
		"--download-threads 10001":          "--download-threads 10001: must be from 1 to 10000",
		"--compare-threshold -1":            "compare_threshold must be a positive integer",
		"--keep-days 0":                     "--keep-days 0: the number of days must be above 0",
		"--keep-days -1":                    "--keep-days -1: the number of days must be above 0",
		"--keep-days nan":                   "--keep-days NaN: the number of days must be above 0",
		"--max-download-streams-per-file 0": "--max-download-streams-per-file 0: must be from 1 to 10000",
		"--include-regex a":                 "include_file_regexes cannot be used without exclude_file_regexes at the same time",
		"--exclude-regex (":                 "exclude_file_regexes wrong regex was given for excluding files",
		"--filter-from /nonexistent/rules":  "--filter-from: open /nonexistent/rules",
	} {
		if _, err := parseSync(t, strings.Fields(words)...).engine(nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s...", words, err, want)
		}
	}
}

// TestGlobsKeepTheirOrder: of all patterns the last that matches decides, so
// includes and excludes must stay in one order.
func TestGlobsKeepTheirOrder(t *testing.T) {
	o := parseSync(t, "--exclude-glob", "*", "--include-glob", "a", "--exclude-glob", "b")
	want := []b2sync.Glob{{Include: false, Pattern: "*"}, {Include: true, Pattern: "a"}, {Include: false, Pattern: "b"}}
	if !reflect.DeepEqual(o.globs, want) {
		t.Errorf("globs are %v, want %v", o.globs, want)
	}
}

func TestThreadsOfTheClient(t *testing.T) {
	for words, want := range map[string][2]int{
		"":                     {10, 10},
		"--threads 25":         {25, 25},
		"--upload-threads 3":   {3, 10},
		"--download-threads 4": {10, 4},
	} {
		o := parseSync(t, strings.Fields(words)...)
		if got := [2]int{o.threads.of(o.threads.upload), o.threads.of(o.threads.download)}; got != want {
			t.Errorf("%q: uploads and downloads at once are %v, want %v", words, got, want)
		}
	}
}
