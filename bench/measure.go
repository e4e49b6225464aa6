package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/bowline-sync/bowline/bench/stage"
)

// Case is one row of the goals: some tools, run by turns.
type Case struct {
	Name  string
	About string
	Setup func() error // makes the data; called once
	Tools []Tool
	Goals []Goal
}

// Tool is one way to do the work of a case.
type Tool struct {
	Name    string
	Files   int                                // that one run works on; the rate is in files/s
	Bytes   int64                              // or in MB/s
	Rounds  int                                // at most so many; 0 = all
	Prepare func() error                       // before each run
	Command func() *exec.Cmd                   // nil for a formula
	Server  *server                            // that it talks to, if any
	Formula time.Duration                      // of a tool without a command
	Window  *window                            // in which calls are counted for the rate; nil for the whole run
	Check   func(calls map[string]int64) error // after each run
}

// Goal is a number with a bound.
type Goal struct {
	Text    string
	Measure func(*results) float64
	Most    float64 // the bound, from above or
	Least   float64 // from below
}

// reached says whether a value is good enough.
func (g *Goal) reached(value float64) bool {
	if g.Most > 0 {
		return value <= g.Most
	}
	return value >= g.Least
}

// measure runs all tools of a case by turns, the first one of a round being
// another each time.
func (b *bench) measure(c *Case) (*results, error) {
	if c.Setup != nil {
		if err := c.Setup(); err != nil {
			return nil, err
		}
	}
	r := &results{samples: map[string][]sample{}}
	for round := range b.rounds {
		for k := range c.Tools {
			t := &c.Tools[(round+k)%len(c.Tools)]
			if t.Rounds > 0 && round >= t.Rounds {
				continue
			}
			b.profile = filepath.Join(b.profiles, fmt.Sprintf("%s.%d.%d", c.Name, (round+k)%len(c.Tools)+1, round+1))
			s, err := b.once(t)
			if err != nil {
				return nil, fmt.Errorf("preparing %s: %w", t.Name, err)
			}
			fmt.Fprintf(os.Stderr, "%s, round %d, %s: %.3f s\n", c.Name, round+1, t.Name, s.wall.Seconds())
			r.samples[t.Name] = append(r.samples[t.Name], s)
		}
	}
	return r, nil
}

// once runs a tool one time.
func (b *bench) once(t *Tool) (sample, error) {
	if t.Command == nil {
		return sample{wall: t.Formula, stats: stage.Stats{}}, nil
	}
	if t.Prepare != nil {
		if err := t.Prepare(); err != nil {
			return sample{}, err
		}
	}
	waitForQuiet(b.patience)
	s := t.take()
	if s.err == nil && t.Check != nil {
		s.err = t.Check(s.stats.Calls)
	}
	return s, nil
}

// take runs the tool to its end, or to that of its window.
func (t *Tool) take() sample {
	cmd := t.Command()
	if t.Window == nil {
		return take(cmd, t.Server, nil)
	}
	var n int64
	var err error
	s := take(cmd, t.Server, func() { n, err = t.Window.count(t.Server, cmd) })
	if err != nil {
		s.err = errors.Join(s.err, err)
		return s
	}
	s.counted, s.wall, s.err = n, t.Window.length(), nil
	return s
}
