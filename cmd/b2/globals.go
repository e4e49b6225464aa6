package main

import (
	"errors"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/internal/ui"
)

// globalOptions are the options that every command has.
type globalOptions struct {
	profile   string
	quiet     bool
	verbose   bool
	debugLogs bool
	logConfig string
	escape    bool
	noEscape  bool
}

// logFile is where --debug-logs writes, in the working folder.
const logFile = "b2_cli.log"

func addGlobals(cmd *cobra.Command, g *globalOptions) {
	flags := cmd.PersistentFlags()
	flags.BoolVarP(&g.quiet, "quiet", "q", false, "print results and errors only, no progress")
	flags.StringVar(&g.profile, "profile", "", "use the stored account of this `NAME`")
	flags.BoolVar(&g.verbose, "verbose", false, "log what is done to standard error")
	flags.BoolVar(&g.debugLogs, "debug-logs", false, "log what is done to the file "+logFile)
	flags.StringVar(&g.logConfig, "log-config", "", "log to where this `FILE` says, a configuration of Python's logging")
	flags.BoolVar(&g.escape, "escape-control-characters", false, "show control characters in names as \\xNN (default on a terminal)")
	flags.BoolVar(&g.noEscape, "no-escape-control-characters", false, "print names as they are")
	// The reference's own help calls them so.
	flags.BoolVar(&g.escape, "escape-control-chars", false, "the same as --escape-control-characters")
	flags.BoolVar(&g.noEscape, "no-escape-control-chars", false, "the same as --no-escape-control-characters")
	flags.Lookup("escape-control-chars").Hidden = true
	flags.Lookup("no-escape-control-chars").Hidden = true
	ours(flags, "escape-control-chars", "no-escape-control-chars") // so that they do not stand in the way of abbreviations
}

// escapes says whether control characters in names are shown and not sent: an
// option decides, else B2_ESCAPE_CONTROL_CHARACTERS, else whether standard
// output is a terminal.
func (e *env) escapes() bool {
	switch {
	case e.global.noEscape:
		return false
	case e.global.escape:
		return true
	}
	switch e.getenv("B2_ESCAPE_CONTROL_CHARACTERS") {
	case "0":
		return false
	case "1":
		return true
	}
	return e.stdoutTTY
}

// name is a file name as it is printed.
func (e *env) name(name string) string {
	if e.escapes() {
		return ui.Escaped(name)
	}
	return name
}

// logger is where diagnostics go: nowhere unless they were asked for. close
// ends it.
func (e *env) logger() (log *slog.Logger, close func(), err error) {
	if e.global.logConfig != "" {
		return e.configuredLogger()
	}
	var to []io.Writer
	close = func() {}
	if e.global.verbose {
		to = append(to, e.stderr)
	}
	if e.global.debugLogs {
		file, err := os.OpenFile(logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, nil, err
		}
		to = append(to, file)
		close = func() { file.Close() }
	}
	if to == nil {
		return slog.New(slog.DiscardHandler), close, nil
	}
	handler := slog.NewTextHandler(io.MultiWriter(to...), &slog.HandlerOptions{Level: slog.LevelDebug})
	return slog.New(handler), close, nil
}

// configuredLogger logs to where the file of --log-config says.
func (e *env) configuredLogger() (log *slog.Logger, close func(), err error) {
	if e.global.verbose || e.global.debugLogs {
		return nil, nil, errors.New("Please provide either --log-config or --verbose/--debug-logs") //nolint:staticcheck // the reference's words
	}
	config, err := readLogConfig(e.global.logConfig)
	if err != nil {
		return nil, nil, err
	}
	handler, close, err := config.handler(e)
	if err != nil {
		close()
		return nil, nil, err
	}
	return slog.New(handler), close, nil
}
