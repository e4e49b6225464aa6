package main

import (
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/creack/pty"

	"github.com/bowline-sync/bowline/bench/corpus"
	"github.com/bowline-sync/bowline/bench/synth"
)

// unrecorded is the run that leaves nothing behind: neither history nor files.
const unrecorded = "nothing"

// reporting measures what it costs to be told of a run, on one that has as much
// to look at and as little to tell as can be.
func (b *bench) reporting() Case {
	n := b.sizes.noop
	dir, bucket := b.path(fmt.Sprintf("empty-%d", n)), synth.BucketName(n)
	sync := func(options ...string) *exec.Cmd {
		return b.bowline(b.synth, append(append([]string{"sync"}, options...), dir, "b2://"+bucket)...)
	}
	tools := []Tool{b.noopTool(unrecorded, n, func() *exec.Cmd { return withoutState(sync()) })}
	for _, way := range []struct {
		name    string
		options []string
	}{
		{"history", nil},
		{"--output json", []string{"--output", "json"}},
		{"--report", []string{"--report", b.path("report.html")}},
		{"--metrics-file", []string{"--metrics-file", b.path("metrics.prom")}},
		{"--log-file", []string{"--log-file", b.path("log"), "--log-level", "debug"}},
	} {
		tools = append(tools, b.noopTool(way.name, n, func() *exec.Cmd { return sync(way.options...) }))
	}
	tools = append(tools, b.noopTool("status block", n, func() *exec.Cmd {
		cmd := withoutState(sync())
		cmd.Stderr = b.terminal
		return cmd
	}))
	c := Case{
		Name: "no-op-reporting",
		About: fmt.Sprintf("A sync of %s files that finds nothing to do, with nothing that tells of it, and with each thing that does; "+
			"all but the first and the last write down history, too.", count(n)),
		Setup: func() error {
			if err := corpus.Empty(dir, n); err != nil {
				return err
			}
			if err := b.openTerminal(); err != nil {
				return err
			}
			return b.synth.start(b.self)
		},
		Tools: tools,
	}
	for _, t := range tools[1:] {
		c.Goals = append(c.Goals,
			Goal{Text: t.Name + ": processor time over that of nothing, at most 1.05", Most: 1.05, Measure: func(r *results) float64 {
				return quotient(r.cpu(t.Name).Seconds(), r.cpu(unrecorded).Seconds())
			}},
			Goal{Text: t.Name + ": peak MiB above that of nothing, at most 8", Most: 8, Measure: func(r *results) float64 {
				return max(0.001, float64(r.peak(t.Name)-r.peak(unrecorded))/(1<<20))
			}})
	}
	return c
}

// withoutState takes the state folder away from a command, so that it has no
// history.
func withoutState(cmd *exec.Cmd) *exec.Cmd {
	kept := cmd.Env[:0]
	for _, variable := range cmd.Env {
		if !strings.HasPrefix(variable, "XDG_STATE_HOME=") && !strings.HasPrefix(variable, "HOME=") {
			kept = append(kept, variable)
		}
	}
	cmd.Env = kept
	return cmd
}

// openTerminal makes a terminal for standard error that nobody looks at. It
// stays until the harness ends.
func (b *bench) openTerminal() error {
	screen, terminal, err := pty.Open()
	if err != nil {
		return err
	}
	b.terminal = terminal
	go io.Copy(io.Discard, screen)
	return pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 80})
}
