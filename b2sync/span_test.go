package b2sync

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestSpansPassEveryNameOnce lets workers take, pass and steal in a random
// order, one step at a time, and wants each name passed by exactly one of them.
func TestSpansPassEveryNameOnce(t *testing.T) {
	var names, marks []string
	for d := range 50 {
		marks = append(marks, fmt.Sprintf("d%02d/", d))
		for f := range 2000 {
			names = append(names, fmt.Sprintf("d%02d/f%04d", d, f))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := newSpans([]Range{{}}, func() []string { return marks })
		type worker struct {
			*span
			next int // of names
		}
		var workers []*worker
		passed := make([]int, len(names))
		stolen := 0
		start := func(sp *span) {
			next, _ := slices.BinarySearch(names, sp.lo)
			workers = append(workers, &worker{sp, next})
		}
		start(s.take())
		for len(workers) > 0 {
			if len(workers) < spansAtOnce && rapid.Bool().Draw(t, "steal") {
				idle := rapid.IntRange(1, spansAtOnce-len(workers)).Draw(t, "idle")
				for _, w := range workers {
					w.slow()
				}
				if r, ok := s.steal(time.Now(), idle); ok {
					stolen++
					start(s.begin(r))
				}
			}
			i := rapid.IntRange(0, len(workers)-1).Draw(t, "worker")
			w := workers[i]
			over := false
			for range rapid.IntRange(1, 20_000).Draw(t, "names") {
				if over = w.next == len(names) || !w.pass(names[w.next]); over {
					break
				}
				passed[w.next]++
				w.next++
			}
			if over {
				s.done(w.span)
				workers = slices.Delete(workers, i, i+1)
			}
		}
		for i, n := range passed {
			if n != 1 {
				t.Fatalf("%s was passed %d times, with %d splits", names[i], n, stolen)
			}
		}
	})
}

// slow makes a span so slow that it waits for the network.
func (s *span) slow() {
	s.began = time.Now().Add(-time.Hour)
	s.first = s.began
}

// TestSpansDoNotSplit names the cases in which a second listing would only
// cost.
func TestSpansDoNotSplit(t *testing.T) {
	var marks []string
	for d := range 1000 {
		marks = append(marks, fmt.Sprintf("d%03d/", d))
	}
	now := time.Now()
	at := func(seen int64, took time.Duration, at string) *span {
		return &span{at: at, seen: seen, began: now.Add(-took), first: now.Add(-took)}
	}
	tests := []struct {
		name  string
		s     *span
		marks []string
		dense float64
		left  bool
	}{
		{"slow, with much before it", at(10_000, time.Second, "d010/x"), marks, 0, true},
		{"less than a page so far", at(9_999, time.Second, "d010/x"), marks, 0, false},
		{"as fast as the disk", at(10_000, 10*time.Millisecond, "d010/x"), marks, 0, false},
		{"nearly at its end", at(900_000, time.Minute, "d990/x"), marks, 0, false},
		{"no folders to split at", at(10_000, time.Second, "x"), nil, 0, false},
		{"nothing yet, with much by a survey", at(0, time.Second, ""), marks, 1000, true},
		{"nothing yet, with little by a survey", at(0, time.Second, ""), marks, 10, false},
		{"nothing yet, but soon", at(0, time.Millisecond, ""), marks, 1000, false},
		{"more than the survey says", at(10_000, time.Second, "d010/x"), marks, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if left := tt.s.left(now, func() []string { return tt.marks }, tt.dense); left >= 2*splitMinimum != tt.left {
				t.Errorf("%d names left by estimate", left)
			}
		})
	}
}

// TestIdleWorkersShareEvenly: all who wait when a range turns out to be long
// get as much of it as is left to the one who found out.
func TestIdleWorkersShareEvenly(t *testing.T) {
	var marks []string
	for d := range 1200 {
		marks = append(marks, fmt.Sprintf("d%04d/", d))
	}
	s := newSpans([]Range{{}}, func() []string { return marks })
	first := s.take()
	first.pass("d0011/z")
	first.seen = 10_000
	first.slow()
	var parts []int
	for idle := spansAtOnce - 1; idle > 0; idle-- {
		r, ok := s.steal(time.Now(), idle)
		if !ok {
			t.Fatalf("nothing to steal for the last %d workers", idle)
		}
		parts = append(parts, len(between(marks, r.Lo, r.Hi))+1)
	}
	parts = append(parts, len(between(marks, first.at, first.hi)))
	if least, most := slices.Min(parts), slices.Max(parts); most > least+1 {
		t.Errorf("parts of %v folders", parts)
	}
}

// TestSurveySharesTheFirstWait: while the first page is still to come, what a
// survey of the local side says decides how many ranges there are.
func TestSurveySharesTheFirstWait(t *testing.T) {
	var marks []string
	for d := range 1200 {
		marks = append(marks, fmt.Sprintf("d%04d/", d))
	}
	for _, c := range []struct {
		dense  float64 // names below each mark
		ranges int
	}{
		{0, 1}, {1, 1}, {50, 2}, {100, 4}, {500, spansAtOnce},
	} {
		s := newSpans([]Range{{}}, func() []string { return marks })
		s.take().began = time.Now().Add(-surveyAfter)
		s.expect(c.dense)
		got := 1
		for idle := spansAtOnce - 1; idle > 0; idle-- {
			if r, ok := s.steal(time.Now(), idle); ok {
				s.begin(r)
				got++
			}
		}
		if got != c.ranges {
			t.Errorf("%v names to a folder: %d ranges, want %d", c.dense, got, c.ranges)
		}
	}
}

func TestDensity(t *testing.T) {
	root := t.TempDir()
	var marks []string
	for d := range 20 {
		marks = append(marks, fmt.Sprintf("d%02d/", d))
		for f := range 7 {
			name := filepath.Join(root, marks[d], "below", strconv.Itoa(f))
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, nil, 0o666)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := density(t.Context(), root, marks); got != 7 {
		t.Errorf("%v names to a folder, want 7", got)
	}
	if got := density(t.Context(), root, nil); got != 0 {
		t.Errorf("%v names without folders", got)
	}
}
