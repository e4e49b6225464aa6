package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// testEnv is a world without anything in it.
func testEnv() (e *env, stderr *strings.Builder) {
	stderr = new(strings.Builder)
	return &env{
		program: "b2", stdin: strings.NewReader(""), stdout: new(strings.Builder), stderr: stderr,
		getenv: func(string) string { return "" }, goos: "linux",
	}, stderr
}

func TestUnderstand(t *testing.T) {
	tests := map[string]struct {
		words, want string
		warning     string
	}{
		"as it is":             {words: "sync --keep-days 3 a b", want: "sync --keep-days 3 a b"},
		"abbreviated":          {words: "sync --keep 3 --dry a b", want: "sync --keep-days 3 --dry-run a b"},
		"with equals sign":     {words: "sync --keep=3 a b", want: "sync --keep-days=3 a b"},
		"behind the arguments": {words: "sync a b --no-p", want: "sync a b --no-progress"},
		"a value like one":     {words: "sync --exclude-regex --keep a b", want: "sync --exclude-regex --keep a b"},
		"one of the reference": {words: "sync --include x a b", want: "sync --include-regex x a b"},
		"exactly one":          {words: "sync --delete a b", want: "sync --delete a b"},
		"version 3":            {words: "sync --keepDays 3 --compareVersions size a b", want: "sync --keep-days 3 --compare-versions size a b", warning: "The '--keepDays' argument is deprecated. Use '--keep-days' instead.\nThe '--compareVersions' argument is deprecated. Use '--compare-versions' instead.\n"},
		"underscores":          {words: "bucket get_download_auth x", want: "bucket get-download-auth x"},
		"short options":        {words: "ls -lr b2://x", want: "ls -lr b2://x"},
		"after two dashes":     {words: "ls -- --keepDays", want: "ls -- --keepDays"},
		"every command's":      {words: "ls --prof x b2://y", want: "ls --profile x b2://y"},
		"an old name":          {words: "list-buckets --json", want: "list-buckets --json", warning: "WARNING: `list-buckets` command is deprecated. Use `bucket list` instead.\n"},
		"completion":           {words: "__complete sync --keepD", want: "__complete sync --keepD"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, stderr := testEnv()
			got, err := understand(e, newRoot(e), strings.Fields(test.words))
			if err != nil || !slices.Equal(got, strings.Fields(test.want)) || stderr.String() != test.warning {
				t.Errorf("%q, %v, warning %q", got, err, stderr)
			}
		})
	}
}

func TestNotUnderstood(t *testing.T) {
	for words, want := range map[string]string{
		"sync --exclude a":   "ambiguous option: --exclude could match ",
		"sync --create a b":  "unrecognized arguments: --create",    // ours are spelled whole
		"sync --stop a b":    "unrecognized arguments: --stop",      // ours
		"sync --bw 1 a b":    "unrecognized arguments: --bw",        // ours
		"sync --nonsense":    "unrecognized arguments: --nonsense",  //
		"ls --recursvie x":   "(did you mean --recursive?)",         //
		"bukcet list":        `there is no command "bukcet"`,        //
		"bucket lst":         "; did you mean ",                     //
		"--quiet sync a b":   "unrecognized arguments: --quiet",     // behind the command only
		"bucket --json":      "unrecognized arguments: --json",      //
		"sync --keepWeeks 3": "unrecognized arguments: --keepWeeks", //
	} {
		e, _ := testEnv()
		_, err := understand(e, newRoot(e), strings.Fields(words))
		if _, ok := errors.AsType[*usageError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want wrong usage: %s", words, err, want)
		}
	}
}

func TestCamelToKebab(t *testing.T) {
	for camel, want := range map[string]string{
		"keepDays": "keep-days", "keep-days": "keep-days", "excludeIfModifiedAfter": "exclude-if-modified-after",
		"noProgress": "no-progress", "sha1": "sha1", "maxDownloadStreamsPerFile": "max-download-streams-per-file", "": "",
	} {
		if got := camelToKebab(camel); got != want {
			t.Errorf("%q is %q, want %q", camel, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"delete", "delte", 1}, {"sync", "snyc", 2}, {"abc", "", 3}, {"kitten", "sitting", 3}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q and %q are %d apart, want %d", test.a, test.b, got, test.want)
		}
	}
}
