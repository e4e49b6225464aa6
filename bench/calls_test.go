package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/bench/corpus"
	"github.com/bowline-sync/bowline/bench/stage"
	"github.com/bowline-sync/bowline/bench/synth"
)

// TestMain lets the test program be the servers that the tests start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == "floor") {
		if err := run(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// bill is the calls that a run may make, by name: at most so many, and those
// marked with = exactly. What is not named may not be called.
type bill map[string]int64

// check reports every call that is not as the bill says.
func (b bill) check(t *testing.T, calls map[string]int64) {
	t.Helper()
	for name, n := range calls {
		if _, exact := b["="+name]; !exact && n > b[name] {
			t.Errorf("%d calls of %s, at most %d are needed", n, name, b[name])
		}
	}
	for name, want := range b {
		if name, exact := strings.CutPrefix(name, "="); exact && calls[name] != want {
			t.Errorf("%d calls of %s, want %d", calls[name], name, want)
		}
	}
	if t.Failed() {
		for _, name := range slices.Sorted(maps.Keys(calls)) {
			t.Logf("%6d %s", calls[name], name)
		}
	}
}

// opening is what every run with a key from the environment pays.
func opening(rest bill) bill {
	all := bill{"=b2_authorize_account": 1, "b2_list_buckets": 1}
	maps.Copy(all, rest)
	return all
}

// lab is a harness for tests, with programs and data in folders of its own.
func lab(t *testing.T) *bench {
	t.Helper()
	b := &bench{
		dir: t.TempDir(), rounds: 1,
		real: &server{kind: stage.Real}, synth: &server{kind: stage.Synthetic},
	}
	if err := b.build(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*server{b.real, b.synth} {
		if err := s.start(b.self); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.stop)
	}
	return b
}

// sync runs one sync against a server and answers what it took.
func (b *bench) sync(t *testing.T, s *server, args ...string) sample {
	t.Helper()
	return b.command(t, s, append([]string{"sync", "--no-progress"}, args...)...)
}

// command runs a command against a server and answers what it took.
func (b *bench) command(t *testing.T, s *server, args ...string) sample {
	t.Helper()
	if err := s.setUp(stage.Setup{Keep: true}); err != nil {
		t.Fatal(err)
	}
	m := take(b.bowline(s, args...), s, nil)
	if m.err != nil {
		t.Fatalf("b2 %s: %v", strings.Join(args, " "), m.err)
	}
	return m
}

// TestCalls holds the number of calls of each kind of run, which is what users
// pay for.
func TestCalls(t *testing.T) {
	const n = 300
	b := lab(t)
	src := filepath.Join(b.dir, "src")
	if err := corpus.Small(src, n, 1<<10); err != nil {
		t.Fatal(err)
	}
	if err := b.real.empty(stage.Setup{}, bucketOne, bucketTwo); err != nil {
		t.Fatal(err)
	}
	one, two := "b2://"+bucketOne, "b2://"+bucketTwo
	down, nothing := filepath.Join(b.dir, "down"), filepath.Join(b.dir, "nothing")
	for _, dir := range []string{down, nothing} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	// The runs follow each other on the same buckets.
	for _, run := range []struct {
		name string
		args []string
		bill bill
	}{
		{"dry run", []string{"--dry-run", src, one}, opening(bill{"=b2_list_file_names": 1})},
		{"upload", []string{"--threads", "10", src, one}, opening(bill{"=b2_list_file_names": 1, "=b2_upload_file": n, "b2_get_upload_url": 10})},
		{"upload, nothing to do", []string{src, one}, opening(bill{"=b2_list_file_names": 1})},
		{"upload with --delete, nothing to do", []string{"--delete", src, one}, opening(bill{"=b2_list_file_versions": 1})},
		{"download", []string{one, down}, opening(bill{"=b2_list_file_names": 1, "=b2_download_file_by_id": n})},
		{"download, nothing to do", []string{one, down}, opening(bill{"=b2_list_file_names": 1})},
		{"copy", []string{one, two}, opening(bill{"b2_list_buckets": 2, "=b2_list_file_names": 2, "=b2_copy_file": n})},
		{"copy, nothing to do", []string{one, two}, opening(bill{"b2_list_buckets": 2, "=b2_list_file_names": 2})},
		{"delete everything", []string{"--delete", "--allow-empty-source", nothing, two},
			opening(bill{"=b2_list_file_versions": 1, "=b2_delete_file_version": n})},
	} {
		t.Run(run.name, func(t *testing.T) {
			run.bill.check(t, b.sync(t, b.real, run.args...).stats.Calls)
		})
	}
}

// TestLargeFile holds what one file in parts costs, there and back, and that
// its parts are not held in memory, however large they are.
func TestLargeFile(t *testing.T) {
	const size, most = 250_000_000, 48 << 20
	b := lab(t)
	src, down := filepath.Join(b.dir, "src"), filepath.Join(b.dir, "down")
	if err := corpus.Large(src, size); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(down, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := b.real.empty(stage.Setup{}, bucketOne, bucketTwo); err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, m sample, bill bill) {
		opening(bill).check(t, m.stats.Calls)
		if m.peak > most {
			t.Errorf("the run held %d MiB at its peak, want at most %d", m.peak>>20, most>>20)
		}
	}
	t.Run("up", func(t *testing.T) {
		check(t, b.sync(t, b.real, src, "b2://"+bucketOne), bill{
			"=b2_list_file_names": 1, "=b2_list_unfinished_large_files": 1, "=b2_start_large_file": 1, "=b2_finish_large_file": 1,
			"b2_upload_part": 10, "b2_get_upload_part_url": 10,
		})
	})
	t.Run("down", func(t *testing.T) {
		check(t, b.sync(t, b.real, "b2://"+bucketOne, down), bill{
			"=b2_list_file_names": 1, "b2_download_file_by_id": 10,
		})
	})
	for _, part := range []int{5_000_000, 50_000_000, 200_000_000} {
		t.Run(fmt.Sprintf("up in parts of %d bytes", part), func(t *testing.T) {
			parts := int64((size + part - 1) / part)
			check(t, b.command(t, b.real, "file", "upload", "--no-progress", "--min-part-size", fmt.Sprint(part),
				bucketTwo, filepath.Join(src, corpus.LargeName), "large"), bill{
				"=b2_start_large_file": 1, "=b2_finish_large_file": 1, "=b2_upload_part": parts, "b2_get_upload_part_url": 10,
			})
		})
	}
}

// TestCallsOfAScaledListing holds the listings of big buckets, which are
// billed by the thousand entries but take a round trip each.
func TestCallsOfAScaledListing(t *testing.T) {
	const n = 100_000
	b := lab(t)
	src, bucket := filepath.Join(b.dir, "src"), synth.BucketName(n)
	if err := corpus.Links(src, n); err != nil {
		t.Fatal(err)
	}
	t.Run("no change", func(t *testing.T) {
		m := b.sync(t, b.synth, src, "b2://"+bucket)
		opening(bill{"b2_list_file_names": 12}).check(t, m.stats.Calls)
		if m.stats.Listed > n*115/100 {
			t.Errorf("%d entries were listed, of %d", m.stats.Listed, n)
		}
		const most = 64 << 20
		if m.peak > most {
			t.Errorf("the run held %d MiB at its peak, want at most %d", m.peak>>20, most>>20)
		}
	})
	t.Run("one object by its name", func(t *testing.T) {
		into := filepath.Join(b.dir, "into")
		if err := os.Mkdir(into, 0o777); err != nil {
			t.Fatal(err)
		}
		m := b.sync(t, b.synth, "--exclude-regex", ".*", "--include-regex", corpus.Name(77_777), "b2://"+bucket, into)
		opening(bill{"b2_list_file_names": 2, "=b2_download_file_by_id": 1}).check(t, m.stats.Calls)
	})
}
