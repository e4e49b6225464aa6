package main

import (
	"fmt"
	"os/exec"
	"time"

	"github.com/bowline-sync/bowline/bench/stage"
)

// The stretch of a run in which uploads are counted, when the number of
// threads is on trial: after the time that finding it may take.
var trial = window{from: 10 * time.Second, to: 20 * time.Second, call: "b2_upload_file"}

// autoCases compare --threads auto with fixed numbers, on three services.
func (b *bench) autoCases() []Case {
	return []Case{
		b.auto("fast", "A service 100 ms away that takes whatever comes.", stage.Setup{Latency: 100 * time.Millisecond}),
		b.auto("thin", "A service 20 ms away, behind a link of 1 MB/s.", stage.Setup{Latency: 20 * time.Millisecond, Bandwidth: 1_000_000}),
		b.auto("refusing", "A service 50 ms away that answers 503 to more than 16 uploads at once.", stage.Setup{Latency: 50 * time.Millisecond, Refuse: 16}),
	}
}

func (b *bench) auto(name, about string, set stage.Setup) Case {
	const files = 60_000
	const auto = "--threads auto"
	c := Case{
		Name:  "threads-" + name,
		About: fmt.Sprintf("%s Files of 1 KiB go up; those are counted that arrive from second %.0f to second %.0f.", about, trial.from.Seconds(), trial.to.Seconds()),
		Setup: func() error { return b.startReal(files) },
	}
	add := func(name, threads string) {
		t := b.upTool(name, files, set, func(dir string) *exec.Cmd {
			return b.bowline(b.real, "sync", "--no-progress", "--threads", threads, dir, "b2://"+bucketOne)
		})
		t.Window, t.Check = &trial, nil
		c.Tools = append(c.Tools, t)
	}
	fixed := []string{"4", "10", "16", "32", "100", "256"}
	for _, n := range fixed {
		add("--threads "+n, n)
	}
	add(auto, "auto")
	c.Goals = []Goal{{Text: "rate over the best of the fixed numbers, at least 0.90", Least: 0.90, Measure: func(r *results) float64 {
		best := 0.0
		for i := range fixed {
			best = max(best, r.rate(&c.Tools[i]))
		}
		return quotient(r.rate(&c.Tools[len(fixed)]), best)
	}}}
	return c
}

// window is a stretch of a run in which a call is counted. The run is
// killed at its end.
type window struct {
	from, to time.Duration
	call     string
}

func (w *window) length() time.Duration { return w.to - w.from }

// count waits for the window of a process that has just begun, counts, and
// kills it. A process that has ended before is an error.
func (w *window) count(s *server, cmd *exec.Cmd) (n int64, err error) {
	time.Sleep(w.from)
	before, err := s.stats()
	if err != nil {
		return 0, err
	}
	time.Sleep(w.length())
	after, err := s.stats()
	if err != nil {
		return 0, err
	}
	return after.Calls[w.call] - before.Calls[w.call], cmd.Process.Kill()
}
