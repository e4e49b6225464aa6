package ui

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"io"
	"os"

	"github.com/bowline-sync/bowline/b2sync"
)

// TextConfig says where and how a run is told to people.
type TextConfig struct {
	Stdout, Stderr io.Writer
	// StdoutTTY and StderrTTY say that these are terminals, and files.
	StdoutTTY, StderrTTY bool
	// Escape shows control characters in names on Stdout as \x1b and the like.
	// On Stderr they are always shown so: its lines are for people.
	Escape  bool
	Verdict VerdictMode
	// NoProgress draws no status block. Without it, one is drawn on Stderr if
	// that is a terminal and there is a source of progress, which is then asked
	// several times a second.
	NoProgress bool
	Sources
	// Words puts an error into words; nil takes its own.
	Words func(error) string
	// More says where failures beyond the first ones can be read; nil or "" for
	// the lines above. It is asked at the end.
	More func() string
}

// Text tells a run as lines of text. It is a [b2sync.Listener]; Close ends it.
// The program must ignore SIGPIPE, or a reader of standard output that goes
// away ends the run instead of the output.
type Text struct {
	cfg      TextConfig
	out, err *stream
	block    *block // nil when none is drawn
	warned   map[uint64]struct{}
	seed     maphash.Seed
	failures []string // the first ones
	failed   int64
	// since counts the lines printed after the first failure.
	since int64
}

const (
	recapFailures = 20     // failures that the recap names
	recapAfter    = 20     // lines after which a failure may be out of sight
	knownWarnings = 50_000 // warnings remembered so that none is said twice
)

// NewText starts telling a run. The caller calls Close when the run has ended,
// whatever happens.
func NewText(cfg TextConfig) *Text {
	t := &Text{cfg: cfg, seed: maphash.MakeSeed()}
	out, err := cfg.Stdout, cfg.Stderr
	if terminal, ok := cfg.Stderr.(*os.File); ok && cfg.StderrTTY && !cfg.NoProgress && cfg.Progress != nil {
		t.block = newBlock(terminal, cfg.Sources)
		err = t.block
		if out = t.Beside(out); cfg.StdoutTTY {
			out = t.block
		}
	}
	t.out, t.err = newStream(out), newStream(err)
	return t
}

// Beside is an output that others may write to while t tells a run: the status
// block makes room where both may come to one terminal.
func (t *Text) Beside(w io.Writer) io.Writer {
	if t.block == nil {
		return w
	}
	return t.block.beside(w)
}

// Event prints what an event has to say.
func (t *Text) Event(e b2sync.Event) {
	switch e := e.(type) {
	case b2sync.ActionDone:
		if e.Err != nil {
			t.fail(failure(e.Action, t.words(e.Err)))
			return
		}
		t.print(func(dst []byte) []byte { return appendAction(dst, e.Action, t.cfg.Escape) })
	case b2sync.Problem:
		if e.Warning {
			t.warn(problem(e, t.words(e.Err), t.cfg.Escape))
		} else {
			t.fail(problem(e, t.words(e.Err), true))
		}
	case b2sync.Remark:
		t.print(func(dst []byte) []byte {
			return appendEscaped(append(dst, "NOTE: "...), e.Text, t.cfg.Escape)
		})
	}
}

// print puts a line on standard output.
func (t *Text) print(write func(dst []byte) []byte) {
	if t.failed > 0 {
		t.since++
	}
	t.out.line(write)
}

// words are an error's.
func (t *Text) words(err error) string {
	if t.cfg.Words != nil {
		return t.cfg.Words(err)
	}
	return err.Error()
}

// complain puts an ERROR line on standard error, after what standard output
// has to say, so that both make sense on one terminal.
func (t *Text) complain(text string) {
	t.out.flush()
	t.err.line(func(dst []byte) []byte { return fmt.Appendf(dst, "ERROR: %s", text) })
	t.err.flush()
}

func (t *Text) fail(text string) {
	t.complain(text)
	if t.failed > 0 {
		t.since++
	}
	t.failed++
	if len(t.failures) < recapFailures {
		t.failures = append(t.failures, text)
	}
}

// warn prints a warning once.
func (t *Text) warn(text string) {
	sum := maphash.String(t.seed, text)
	if _, said := t.warned[sum]; said {
		return
	}
	if t.warned == nil {
		t.warned = make(map[uint64]struct{})
	}
	if len(t.warned) < knownWarnings {
		t.warned[sum] = struct{}{}
	}
	t.print(func(dst []byte) []byte { return append(append(dst, "WARNING: "...), text...) })
}

// Close ends the telling: the status block goes, the failures are summed up on
// standard error, and the verdict is the last line on standard output. It
// returns an error if standard output could not be written, except when its
// reader went away.
func (t *Text) Close(s b2sync.Summary) error {
	o := t.cfg.Outcome(s)
	t.Leave()
	t.recap()
	t.closing(s)
	if t.cfg.Verdict.Speaks(o, t.cfg.StdoutTTY) {
		t.out.line(func(dst []byte) []byte { return append(dst, Verdict(o)...) })
	}
	t.err.close() // nobody is left to be told
	if err := t.out.close(); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// Leave ends the telling without a word, in place of Close: of a run that never
// began, say. The status block goes.
func (t *Text) Leave() {
	t.out.flush()
	t.err.flush()
	if t.block != nil {
		t.block.close()
		t.out.w, t.err.w = t.cfg.Stdout, t.cfg.Stderr
	}
}

// recap names what failed once more if that may have scrolled out of sight.
func (t *Text) recap() {
	if t.failed == 0 || t.since <= recapAfter {
		return
	}
	t.out.flush()
	say := func(text string) { t.err.line(func(dst []byte) []byte { return append(dst, text...) }) }
	say(Count(t.failed) + " failed:")
	for _, text := range t.failures {
		say("  " + text)
	}
	if more := t.failed - int64(len(t.failures)); more > 0 {
		where := "see the ERROR lines above"
		if t.cfg.More != nil {
			where = cmp.Or(t.cfg.More(), where)
		}
		say("  and " + Count(more) + " more, " + where)
	}
}

// closing is the last ERROR line, with the reference's words where it has them.
func (t *Text) closing(s b2sync.Summary) {
	switch {
	case s.Err != nil && stoppedBy(s.Err) != "":
		t.complain("stopped by " + stoppedBy(s.Err))
	case s.Err != nil:
		t.complain(escaped(t.words(s.Err), true))
	case s.Failed > 0:
		t.complain("Incomplete sync: sync is incomplete")
	}
}
