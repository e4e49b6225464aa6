package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/ui"
)

// unbegun tells of a sync that ended with an error before its engine had begun:
// the error, and then the verdict, as after any other run (P11). The error that
// it returns has nothing more to say.
func (e *env) unbegun(ctx context.Context, o *syncOptions, mode ui.VerdictMode, from ui.Sources, began time.Time, err error) error {
	status := e.report(ctx, err)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	s := b2sync.Summary{Started: began, Took: time.Since(began), DryRun: o.dryRun, Err: err}
	if *o.output == "json" {
		return cmp.Or(e.jsonVerdict(from, s), error(statusError(status)))
	}
	if outcome := from.Outcome(s); mode.Speaks(outcome, e.stdoutTTY) {
		fmt.Fprintln(e.stdout, ui.Verdict(outcome))
	}
	return statusError(status)
}

// noRun tells of a sync whose options make no run. People read the error; a
// program that asked for JSON gets a verdict all the same.
func (e *env) noRun(ctx context.Context, o *syncOptions, err error) error {
	return e.unbegun(ctx, o, ui.VerdictNever, ui.Sources{}, time.Now(), err)
}

// jsonVerdict prints a verdict and nothing else.
func (e *env) jsonVerdict(from ui.Sources, s b2sync.Summary) error {
	return ui.NewJSON(ui.JSONConfig{Stdout: e.stdout, DryRun: s.DryRun, Sources: from}).Close(s)
}

// misused says how a command is used, and what was wrong. A program that asked
// for JSON gets a verdict on standard output, and the words on standard error.
func (e *env) misused(usage *usageError) {
	help, json := e.stdout, wantsJSON(usage.cmd.Name(), e.args)
	if json {
		help = e.stderr
	}
	_ = printHelp(help, usage.cmd, false)
	fmt.Fprintf(e.stderr, "\n%s: error: %s\n", usage.cmd.CommandPath(), usage.text)
	if json {
		_ = e.jsonVerdict(ui.Sources{}, b2sync.Summary{Started: time.Now(), Err: usage})
	}
}

// wantsJSON reports whether the words of a command line that makes no sense ask
// for a run to be told as JSON.
func wantsJSON(command string, words []string) bool {
	if command != "sync" {
		return false
	}
	if end := slices.Index(words, "--"); end >= 0 {
		words = words[:end]
	}
	at := slices.Index(words, "--output")
	return slices.Contains(words, "--output=json") || at >= 0 && at+1 < len(words) && words[at+1] == "json"
}
