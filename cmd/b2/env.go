package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/term"

	"github.com/bowline-sync/bowline/b2"
)

// env is what the program sees of the world: everything that a command reads
// or writes goes through it, so that tests can put another world in its place.
type env struct {
	program string   // the name that the program was started under
	args    []string // the words behind it

	stdin          io.Reader
	stdout, stderr io.Writer
	stdoutTTY      bool // stdout is a terminal
	stderrTTY      bool // stderr is a terminal
	// readSecret reads a line without echo from the terminal on stdin; nil when
	// stdin is none.
	readSecret func() (string, error)

	getenv func(string) string
	home   string // the user's home folder, or ""
	goos   string // the operating system, as in runtime.GOOS

	global globalOptions
	client *b2.Client // the one that was opened last, or nil; it knows what the key may do
}

// systemEnv is the world as the operating system gives it.
func systemEnv() *env {
	home, _ := os.UserHomeDir()
	e := &env{
		program: programName(os.Args[0]),
		args:    os.Args[1:],
		stdin:   os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdoutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		getenv:    os.Getenv,
		home:      home,
		goos:      runtime.GOOS,
	}
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		e.readSecret = func() (string, error) {
			line, err := term.ReadPassword(fd)
			return string(line), err
		}
	}
	return e
}

// programName is the name in messages: "b2", or the name of a link to it.
func programName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".exe")
	if name == "" || name == "." || strings.HasSuffix(name, ".test") {
		return "b2"
	}
	return name
}

// v3 reports whether the program was started under the name that asks for the
// ways of the reference's version 3.
func (e *env) v3() bool { return strings.TrimPrefix(e.program, "_") == "b2v3" }
