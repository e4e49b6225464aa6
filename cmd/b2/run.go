package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bowline-sync/bowline/internal/ui"
)

// run does what the words of the command line ask for and answers the exit
// status: 0 when all was done, 1 after any error or warning, 2 for wrong usage,
// 129, 130 or 143 after a signal.
func run(ctx context.Context, e *env) int {
	ctx, stop := withSignals(ctx)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away ends the output, not the run
	root := newRoot(e)
	words, err := understand(e, root, e.args)
	if err == nil {
		root.SetArgs(words)
		err = root.ExecuteContext(ctx)
	}
	return e.report(ctx, err)
}

// interrupted is why a context ended that a signal has ended.
type interrupted struct{ signal syscall.Signal }

func (i *interrupted) Error() string {
	switch i.signal {
	case syscall.SIGTERM:
		return "terminated"
	case syscall.SIGHUP:
		return "the terminal has gone"
	}
	return "interrupted"
}

// Unwrap is the same in the words of the verdict.
func (i *interrupted) Unwrap() error {
	switch i.signal {
	case syscall.SIGTERM:
		return &ui.Stopped{By: "SIGTERM"}
	case syscall.SIGHUP:
		return &ui.Stopped{By: "SIGHUP"}
	}
	return &ui.Stopped{By: "interrupt"}
}

// status is the exit status that shells expect after the signal.
func (i *interrupted) status() int { return 128 + int(i.signal) }

// endWait is how long a run that a signal has ended may take to end.
const endWait = 5 * time.Second

// exitLate ends the program when the signal that ended ctx has not done so in
// time, as when a file lies on a disk that does not answer.
func exitLate(ctx context.Context) {
	if why, ok := errors.AsType[*interrupted](context.Cause(ctx)); ok {
		time.AfterFunc(endWait, func() { os.Exit(why.status()) })
	}
}

// sameWish is how long a second signal counts as the first one: timeout(1)
// sends one to the program and another to its group, of which the program is.
const sameWish = 500 * time.Millisecond

// withSignals ends the context at the first SIGINT, SIGTERM or SIGHUP, with the
// signal as its cause. The second one ends the program at once. SIGHUP, which
// says that the terminal has gone, is no business of ours under nohup(1).
func withSignals(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case s := <-signals:
				why := &interrupted{s.(syscall.Signal)}
				switch {
				case first.IsZero():
					first = time.Now()
					cancel(why)
				case time.Since(first) > sameWish:
					os.Exit(why.status())
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
