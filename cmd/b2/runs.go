package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/internal/history"
	"github.com/bowline-sync/bowline/internal/report"
	"github.com/bowline-sync/bowline/internal/ui"
)

func newRuns(e *env) *cobra.Command {
	group := newGroup("runs", "Look at earlier runs of sync",
		newRunsList(e), newRunsShow(e), newRunsReport(e), newRunsPrune(e))
	group.Long = "Looks at earlier runs of sync. Without a command, it lists them."
	group.Annotations = map[string]string{unsaidCommand: "list"}
	return group
}

// history opens the database of runs.
func (e *env) history(ctx context.Context) (*history.Store, error) {
	dir, err := history.Dir(e.getenv, e.home)
	if err != nil {
		return nil, err
	}
	return history.Open(ctx, dir)
}

func newRunsList(e *env) *cobra.Command {
	var limit number
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List earlier runs, the newest first",
		Long: `Lists earlier runs of sync, the newest first: number, beginning, how it ended,
source, destination and verdict.`,
		Args: params,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := e.history(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			runs, err := s.List(cmd.Context(), int(limit.value))
			if err != nil {
				return err
			}
			if asJSON {
				if runs == nil {
					runs = []history.Run{}
				}
				return printJSON(e.stdout, runs)
			}
			return e.printRuns(runs)
		},
	}
	limit.value, limit.set = 20, true
	cmd.Flags().Var(&limit, "limit", "list at most this `NUMBER` of runs (default 20); 0 lists all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print all there is to know of them, as JSON")
	return cmd
}

func (e *env) printRuns(runs []history.Run) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for i := range runs {
		r := &runs[i]
		_, verdict, _ := strings.Cut(r.Verdict, ": ")
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Started.Local().Format(time.DateTime), r.Outcome,
			ui.Escaped(r.Source), ui.Escaped(r.Destination), ui.Escaped(verdict))
	}
	return w.Flush()
}

// runNumber reads the number of a run.
func runNumber(cmd *cobra.Command, word string) (int64, error) {
	id, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, &usageError{cmd, fmt.Sprintf("argument id: invalid int value: '%s'", word)}
	}
	return id, nil
}

func newRunsShow(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show id", Short: "Show one run with everything that went wrong",
		Long: `Shows one run: its options, its numbers, its verdict, and what failed or was
warned of, with the reason; at most ` + ui.Count(history.MaxFailures) + ` of these.`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := runNumber(cmd, args[0])
			if err != nil {
				return err
			}
			s, err := e.history(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			run, err := s.Get(cmd.Context(), id)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(e.stdout, run)
			}
			return printRun(e.stdout, run)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func printRun(out io.Writer, r *history.Run) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	say := func(name, value string) { fmt.Fprintf(w, "%s\t%s\n", name, ui.Escaped(value)) }
	say("run", strconv.FormatInt(r.ID, 10))
	say("source", r.Source)
	say("destination", r.Destination)
	say("options", strings.Join(r.Options, " "))
	say("started", r.Started.Local().Format(time.DateTime))
	if !r.Ended.IsZero() {
		say("took", ui.Span(r.Ended.Sub(r.Started)))
	}
	say("process", strconv.Itoa(r.PID))
	say("ended", r.Outcome)
	say("verdict", r.Verdict)
	for _, name := range slices.Sorted(maps.Keys(r.Counts)) {
		say(name, ui.Count(r.Counts[name]))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, f := range r.Failures {
		if _, err := fmt.Fprintln(out, failureLine(f)); err != nil {
			return err
		}
	}
	if more := r.Failed + r.Counts["warnings"] - int64(len(r.Failures)); more > 0 {
		_, err := fmt.Fprintf(out, "and %s more, which were not kept\n", ui.Count(more))
		return err
	}
	return nil
}

// failureLine says what went wrong. Many causes name the file themselves.
func failureLine(f history.Failure) string {
	text := f.Cause
	if !strings.Contains(text, f.Name) {
		text = f.Name + ": " + text
	}
	if f.Warning {
		return "warning: " + ui.Escaped(text)
	}
	return "failed: " + ui.Escaped(text)
}

func newRunsReport(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "report id [file]", Short: "Make the report page of a run",
		Long: `Writes the page that --report would have written for a run: to a file, or to
standard output. Reports are kept of the last hundred runs that did something or
went wrong.`,
		Example: `    ` + e.program + ` runs report 12 run.html`,
		Args:    params,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := runNumber(cmd, args[0])
			if err != nil {
				return err
			}
			data, err := e.keptReport(cmd.Context(), id)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return data.WritePage(e.stdout)
			}
			return writeReport(data, args[1])
		},
	}
}

// writeReport writes the page of a run to a file, which is replaced only when the
// whole page is there.
func writeReport(data *report.Data, path string) error {
	file, err := beginFile(path)
	if err != nil {
		return err
	}
	defer file.discard()
	if err := data.WritePage(file); err != nil {
		return err
	}
	return file.commit(time.Time{})
}

func (e *env) keptReport(ctx context.Context, id int64) (*report.Data, error) {
	s, err := e.history(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	packed, err := s.Report(ctx, id)
	if err != nil {
		return nil, err
	}
	return report.Unpack(packed)
}

func newRunsPrune(e *env) *cobra.Command {
	var days decimal
	cmd := &cobra.Command{
		Use: "prune", Short: "Forget old runs",
		Long: `Forgets the runs that began more than so many days ago. The newest 10,000 runs
are kept anyway as long as nobody prunes them.`,
		Args: params,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days.value < 0 {
				return &usageError{cmd, "argument --older-than: the number of days cannot be negative"}
			}
			s, err := e.history(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			n, err := s.Prune(cmd.Context(), time.Now().Add(-time.Duration(days.value*24*float64(time.Hour))))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "%s forgotten\n", ui.Plural(n, "run", "runs"))
			return err
		},
	}
	days.value, days.set = 90, true
	cmd.Flags().Var(&days, "older-than", "forget runs that are older than this number of `DAYS` (default 90)")
	return cmd
}
