package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/ui"
)

// teller tells a run as it goes on. Close ends it with the verdict, Leave
// without a word.
type teller interface {
	b2sync.Listener
	Close(b2sync.Summary) error
	Leave()
}

// teller is how the user wants to be told.
func (j *syncJob) teller(rec *records) teller {
	e := j.env
	text := ui.TextConfig{
		Stdout: e.stdout, Stderr: e.stderr, StdoutTTY: e.stdoutTTY, StderrTTY: e.stderrTTY,
		Escape: e.escapes(), Verdict: j.verdict, NoProgress: j.noProgress || e.global.quiet,
		Sources: rec.Sources, Words: e.explain, More: rec.where,
	}
	if *j.output != "json" {
		return ui.NewText(text)
	}
	text.Stdout, text.Verdict = io.Discard, ui.VerdictNever
	text.NoProgress = text.NoProgress || e.stdoutTTY // the block would be drawn into the JSON
	people := ui.NewText(text)
	return tellers{people, ui.NewJSON(ui.JSONConfig{Stdout: people.Beside(e.stdout), DryRun: j.dryRun, Sources: rec.Sources})}
}

// tellers tell a run in several ways.
type tellers []teller

func (t tellers) Event(event b2sync.Event) {
	for _, one := range t {
		one.Event(event)
	}
}

func (t tellers) Leave() {
	for _, one := range t {
		one.Leave()
	}
}

func (t tellers) Close(s b2sync.Summary) error {
	var errs []error
	for _, one := range t {
		errs = append(errs, one.Close(s))
	}
	return errors.Join(errs...)
}

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
