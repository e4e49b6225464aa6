package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDryRunKnowsTheCalls does what a dry run has announced, in each direction,
// and compares the calls that are paid for, and the bytes.
func TestDryRunKnowsTheCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("moves some MB about")
	}
	c := newServerComputer(t, func(h http.Handler) http.Handler { return h })
	c.write("src/large", strings.Repeat("0123456789", 1_200_000)) // parts
	c.b2(0, "bucket", "create", "up-bucket", "allPrivate")
	c.b2(0, "bucket", "create", "copy-bucket", "allPrivate")
	old := time.Now().Add(-48 * time.Hour)
	change := func() {
		c.write("src/a.txt", "changed")
		if err := os.Remove(c.path("src/d/b.txt")); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(c.path("src/large"), old, old)
	}
	for _, step := range []struct {
		name   string
		before func()
		words  []string
	}{
		{"up", nil, []string{c.path("src"), "b2://up-bucket/x"}},
		{"up again", nil, []string{c.path("src"), "b2://up-bucket/x"}},
		{"copy", nil, []string{"b2://up-bucket/x", "b2://copy-bucket"}},
		{"down", nil, []string{"--max-download-streams-per-file", "3", "b2://copy-bucket", c.path("back")}},
		{"hide", change, []string{"--keep-days", "3", "--replace-newer", c.path("src"), "b2://up-bucket/x"}},
		{"delete", nil, []string{"--delete", "--replace-newer", c.path("src"), "b2://up-bucket/x"}},
		{"delete here", nil, []string{"--delete", "--replace-newer", "b2://up-bucket/x", c.path("back")}},
	} {
		if step.before != nil {
			step.before()
		}
		planned := c.verdict(append([]string{"--dry-run"}, step.words...)...)
		done := c.verdict(step.words...)
		if planned.Estimate.Calls.B != done.Calls.B || planned.Estimate.Calls.C != done.Calls.C {
			t.Errorf("%s: planned are %+v, made %+v", step.name, planned.Estimate.Calls, done.Calls)
		}
		if urls := done.Calls.A - planned.Estimate.Calls.A; urls < 0 || urls > 20 { // upload URLs
			t.Errorf("%s: planned are %d A, made %d", step.name, planned.Estimate.Calls.A, done.Calls.A)
		}
		if planned.Uploaded != done.Uploaded || planned.Downloaded != done.Downloaded || planned.Copied != done.Copied ||
			planned.Hidden != done.Hidden || planned.Deleted != done.Deleted {
			t.Errorf("%s: planned is %+v, done %+v", step.name, planned, done)
		}
		if stored := done.Uploaded.Bytes + done.Copied.Bytes; planned.Estimate.StoredBytes != stored {
			t.Errorf("%s: storage is to grow by %d, and grew by %d", step.name, planned.Estimate.StoredBytes, stored)
		}
	}
}

// A toldVerdict is what the tests need of the last line of --output json.
type toldVerdict struct {
	Type                                  string
	Uploaded, Downloaded, Copied, Deleted struct{ Count, Bytes int64 }
	Hidden                                int64
	Calls                                 struct{ A, B, C int64 }
	Estimate                              struct {
		Calls       struct{ A, B, C int64 }
		StoredBytes int64
	}
}

// verdict runs a sync that goes well, and returns its verdict.
func (c *aComputer) verdict(words ...string) (v toldVerdict) {
	c.t.Helper()
	out, _ := c.b2(0, append([]string{"sync", "--output", "json"}, words...)...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &v); err != nil || v.Type != "verdict" {
		c.t.Fatalf("the last line is %s: %v", lines[len(lines)-1], err)
	}
	return v
}
