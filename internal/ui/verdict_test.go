package ui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2sync"
)

func TestVerdict(t *testing.T) {
	upload := b2sync.Summary{Took: 72 * time.Second}
	upload.Done[b2sync.Upload] = b2sync.Tally{Count: 1204, Bytes: 3_240_000_000}
	upload.Done[b2sync.Hide] = b2sync.Tally{Count: 3}
	with := func(change func(*b2sync.Summary)) b2sync.Summary {
		s := upload
		change(&s)
		return s
	}
	calls := Calls{A: 1215, C: 12}

	for _, c := range []struct {
		name string
		o    Outcome
		want string
	}{
		{"clean",
			Outcome{Summary: upload, Calls: calls, Prices: DefaultPrices()},
			"done: 1,204 uploaded (3.2 GB), 3 hidden, 0 failed; 1m12s, 45 MB/s; calls: 1,215 A, 12 C, $0.00"},
		{"above the free allowance",
			Outcome{Summary: upload, Calls: Calls{A: 1, C: 10_000}, Prices: DefaultPrices()},
			"done: 1,204 uploaded (3.2 GB), 3 hidden, 0 failed; 1m12s, 45 MB/s; calls: 1 A, 10,000 C, $0.03 to $0.04"},
		{"no prices",
			Outcome{Summary: upload, Calls: calls},
			"done: 1,204 uploaded (3.2 GB), 3 hidden, 0 failed; 1m12s, 45 MB/s; calls: 1,215 A, 12 C"},
		{"idle",
			Outcome{Summary: b2sync.Summary{Same: 5120, Took: 1440 * time.Millisecond}, Calls: Calls{C: 8}, Prices: DefaultPrices()},
			"done: nothing to do, 5,120 the same, 0 failed; 1.4s; calls: 8 C, $0.00"},
		{"failures",
			Outcome{Summary: with(func(s *b2sync.Summary) { s.Failed, s.Warned = 2, 1 })},
			"incomplete: 1,204 uploaded (3.2 GB), 3 hidden, 2 failed, 1 warning; 1m12s, 45 MB/s"},
		{"only warnings",
			Outcome{Summary: b2sync.Summary{Warned: 2, Same: 3}},
			"incomplete: nothing to do, 3 the same, 0 failed, 2 warnings; 0s"},
		{"skipped and retried",
			Outcome{Summary: with(func(s *b2sync.Summary) { s.Skipped = 7 }), Calls: Calls{A: 9, Retries: 1}},
			"done: 1,204 uploaded (3.2 GB), 3 hidden, 7 skipped as newer at the destination, 0 failed; 1m12s, 45 MB/s; 1 retry; calls: 9 A"},
		{"everything else",
			Outcome{Summary: b2sync.Summary{Retained: 2, Unhashed: 3, Same: 9}},
			"done: nothing to do, 9 the same, 2 retained, 3 compared without a hash, 0 failed; 0s"},
		{"interrupted",
			Outcome{Summary: with(func(s *b2sync.Summary) { s.Err = &Stopped{By: "SIGTERM"} })},
			"stopped by SIGTERM: 1,204 uploaded (3.2 GB), 3 hidden, 0 failed; 1m12s, 45 MB/s"},
		{"stopped by a limit",
			Outcome{Summary: with(func(s *b2sync.Summary) { s.Err = &Stopped{By: "--max-class-c 100"} }), Left: b2sync.Tally{Count: 3916, Bytes: 7_200_000_000}},
			"stopped by --max-class-c 100: 1,204 uploaded (3.2 GB), 3 hidden, at least 3,916 left (7.2 GB), 0 failed; 1m12s, 45 MB/s"},
		{"cancelled without a word",
			Outcome{Summary: b2sync.Summary{Err: context.Canceled}},
			"stopped by interrupt: nothing transferred, 0 failed; 0s"},
		{"failed as a whole",
			Outcome{Summary: b2sync.Summary{Err: errors.New("no such bucket"), Took: 200 * time.Millisecond}},
			"failed: nothing transferred; 200ms"},
		{"download without hashes",
			Outcome{Summary: b2sync.Summary{
				Done:       [6]b2sync.Tally{b2sync.Download: {Count: 4, Bytes: 1000}},
				Unverified: 2, Took: 2 * time.Second}, Calls: Calls{B: 4}, Prices: DefaultPrices()},
			"done: 4 downloaded (1.0 kB), 2 checked by length only, 0 failed; 2s, 500 B/s; calls: 4 B, $0.00 (download traffic unpriced)"},
		{"hardly a byte",
			Outcome{Summary: b2sync.Summary{Done: [6]b2sync.Tally{b2sync.Upload: {Count: 1, Bytes: 2}}, Took: 4 * time.Second}},
			"done: 1 uploaded (2 B), 0 failed; 4s"},
		{"dry run",
			Outcome{Summary: with(func(s *b2sync.Summary) { s.DryRun = true }), Calls: Calls{C: 12},
				Plan: Plan{Calls: Calls{A: 1215}, Stored: 3_240_000_000}, Prices: DefaultPrices()},
			"dry run, nothing was done: would upload 1,204 (3.2 GB), hide 3, 0 failed; 1m12s; calls: 12 C, $0.00; doing it: 1,215 A, 12 C, $0.00; storage: 3.2 GB more (unpriced)"},
		{"idle dry run",
			Outcome{Summary: b2sync.Summary{DryRun: true, Same: 1}},
			"dry run, nothing was done: nothing to do, 1 the same, 0 failed; 0s"},
		{"dry run with a failure",
			Outcome{Summary: b2sync.Summary{DryRun: true, Failed: 1}},
			"dry run, nothing was done, incomplete: nothing transferred, 1 failed; 0s"},
	} {
		if got := Verdict(&c.o); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestVerdictSpeaks(t *testing.T) {
	idle := Outcome{Summary: b2sync.Summary{Same: 3, Skipped: 1}}
	busy := Outcome{Summary: b2sync.Summary{Done: [6]b2sync.Tally{b2sync.Hide: {Count: 1}}}}
	bad := Outcome{Summary: b2sync.Summary{Warned: 1}}
	for _, c := range []struct {
		mode             VerdictMode
		terminal         bool
		idle, busy, fail bool
	}{
		{VerdictAuto, true, true, true, true},
		{VerdictAuto, false, false, true, true},
		{VerdictAlways, false, true, true, true},
		{VerdictChanges, true, false, true, true},
		{VerdictNever, true, false, false, false},
	} {
		for what, run := range map[string]struct {
			o    *Outcome
			want bool
		}{"idle": {&idle, c.idle}, "busy": {&busy, c.busy}, "failed": {&bad, c.fail}} {
			if got := c.mode.Speaks(run.o, c.terminal); got != run.want {
				t.Errorf("--verdict %v, terminal %v, an %s run: %v", c.mode, c.terminal, what, got)
			}
		}
	}
}

func TestParseVerdictMode(t *testing.T) {
	for _, name := range verdictModes {
		if mode, err := ParseVerdictMode("--verdict", name); err != nil || mode.String() != name {
			t.Errorf("%s is read as %v, %v", name, mode, err)
		}
	}
	if _, err := ParseVerdictMode("B2_VERDICT", "sometimes"); err == nil || !strings.HasPrefix(err.Error(), `B2_VERDICT "sometimes": `) {
		t.Error("sometimes is read")
	}
}
