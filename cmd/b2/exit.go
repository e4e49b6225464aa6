package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/internal/ui"
)

// A usageError is a command line that makes no sense. The command's usage goes
// to standard output, the error to standard error, and the exit status is 2.
type usageError struct {
	cmd  *cobra.Command
	text string
}

func (u *usageError) Error() string { return u.text }

// A statusError ends the program with a status after everything there is to
// say has been said.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// A bareError is one that the reference prints without "ERROR:" before it.
type bareError string

func (b bareError) Error() string { return string(b) }

// A valueError is a mistake that the reference does not foresee: it ends there
// with a stack trace. This is the trace's last line, where Backblaze's own tests
// look for it.
type valueError string

func (v valueError) Error() string { return "ValueError: " + string(v) }

// missingAccount is what the reference says when nobody has authorised.
type missingAccount struct{ program string }

func (m missingAccount) Error() string {
	return fmt.Sprintf("Missing account data: 'NoneType' object is not subscriptable  Use: '%s account authorize' "+
		"or provide auth data with 'B2_APPLICATION_KEY_ID' and 'B2_APPLICATION_KEY' environment variables", m.program)
}

// report says what went wrong, if anything did, and answers the exit status.
// Which words go where is decided here and nowhere else.
func (e *env) report(ctx context.Context, err error) int {
	if err == nil || readerGone(err) {
		return 0
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		e.misused(usage)
		return 2
	}
	if status, ok := errors.AsType[statusError](err); ok {
		return int(status)
	}
	if why, ok := errors.AsType[*interrupted](context.Cause(ctx)); ok {
		fmt.Fprintf(e.stderr, "ERROR: %s\n", why)
		return why.status()
	}
	text := oneLine(e.explain(err))
	if _, bare := errors.AsType[bareError](err); !bare {
		text = "ERROR: " + text
	}
	fmt.Fprintln(e.stderr, text)
	return 1
}

// readerGone says that standard output was a pipe whose reader has what it
// wanted. That is no failure, as in the reference.
func readerGone(err error) bool {
	lost, ok := errors.AsType[*fs.PathError](err)
	return ok && lost.Path == os.Stdout.Name() && errors.Is(lost, syscall.EPIPE)
}

// oneLine keeps an error on the line that it begins on. Terminals are not sent
// control characters from outside.
func oneLine(text string) string {
	return ui.Escaped(strings.TrimRight(text, "\n"))
}
