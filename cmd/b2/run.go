package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/bowline-sync/bowline/internal/ui"
)

// run does what the words of the command line ask for and answers the exit
// status: 0 when all was done, 1 after any error or warning, 2 for wrong usage,
// 130 or 143 after a signal.
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
	if i.signal == syscall.SIGTERM {
		return "terminated"
	}
	return "interrupted"
}

// Unwrap is the same in the words of the verdict.
func (i *interrupted) Unwrap() error {
	if i.signal == syscall.SIGTERM {
		return &ui.Stopped{By: "SIGTERM"}
	}
	return &ui.Stopped{By: "interrupt"}
}

// status is the exit status that shells expect after the signal.
func (i *interrupted) status() int { return 128 + int(i.signal) }

// withSignals ends the context at the first SIGINT or SIGTERM, with the signal
// as its cause. The second one ends the program at once.
func withSignals(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case s := <-signals:
				why := &interrupted{s.(syscall.Signal)}
				if !first {
					os.Exit(why.status())
				}
				cancel(why)
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
