package ui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bowline-sync/bowline/b2sync"
)

// told is what a listener printed.
type told struct{ out, err bytes.Buffer }

func (o *told) text(cfg TextConfig) *Text {
	cfg.Stdout, cfg.Stderr = &o.out, &o.err
	return NewText(cfg)
}

func done(kind b2sync.Kind, name string, note b2sync.Note) b2sync.ActionDone {
	return b2sync.ActionDone{Action: b2sync.Action{Kind: kind, Name: name, Note: note}}
}

func TestActionLines(t *testing.T) {
	var o told
	text := o.text(TextConfig{Escape: true, Verdict: VerdictNever})
	for _, e := range []b2sync.Event{
		done(b2sync.Upload, "a b", 0),
		done(b2sync.Download, "with space & 'q'", 0),
		done(b2sync.Copy, "zażółć", 0),
		done(b2sync.Hide, "h.txt", 0),
		done(b2sync.Delete, "d/c.txt", b2sync.NoteOldVersion),
		done(b2sync.Delete, "d/c.txt", b2sync.NoteHideMarker),
		done(b2sync.Delete, "prog/a.txt", b2sync.NoteNone),
		done(b2sync.Delete, "extra", b2sync.NoteLocal),
		done(b2sync.MakeFolder, "new", 0),
		b2sync.Problem{Path: "W/l/x", Name: "x", Err: errors.New("W/l/x could not be accessed (broken symlink?)"), Warning: true},
		b2sync.Problem{Path: "W/l/x", Name: "x", Err: errors.New("W/l/x could not be accessed (broken symlink?)"), Warning: true},
		b2sync.Problem{Path: "W/l/y", Name: "y", Err: errors.New("could not be accessed"), Warning: true},
		b2sync.Problem{Path: "W/l/a \x1b", Name: "a \x1b", Err: errors.New("W/l/a \x1b is not a regular file. Skipping."), Warning: true},
		b2sync.Remark{Text: "3 removals wait"},
	} {
		text.Event(e)
	}
	if err := text.Close(b2sync.Summary{}); err != nil {
		t.Fatal(err)
	}
	want := `upload 'a b'
dnload with space & 'q'
copy zażółć
hide   h.txt
delete d/c.txt (old version)
delete d/c.txt (hide marker)
delete prog/a.txt` + " " + `
delete extra
mkdir  new
WARNING: W/l/x could not be accessed (broken symlink?)
WARNING: W/l/y could not be accessed
WARNING: 'W/l/a ` + `\x1b' is not a regular file. Skipping.
NOTE: 3 removals wait
`
	if o.out.String() != want {
		t.Errorf("standard output is\n%s\nwant\n%s", &o.out, want)
	}
	if o.err.Len() > 0 {
		t.Errorf("standard error is not empty:\n%s", &o.err)
	}
}

func TestFailuresCloseStandardError(t *testing.T) {
	var o told
	text := o.text(TextConfig{More: func() string { return "see `b2 runs show 3`" }})
	failed := done(b2sync.Upload, "secret\x1b", 0)
	failed.Err = &fs.PathError{Op: "open", Path: "s/secret\x1b", Err: fs.ErrPermission}
	text.Event(failed)
	for i := range 24 {
		text.Event(b2sync.Problem{Name: fmt.Sprint("n", i), Path: fmt.Sprint("n", i), Err: errors.New("is newer")})
	}
	text.Close(b2sync.Summary{Failed: 25})

	lines := strings.Split(strings.TrimSuffix(o.err.String(), "\n"), "\n")
	if first := `ERROR: upload 'secret\x1b': open s/secret\x1b: permission denied`; lines[0] != first {
		t.Errorf("the first line is\n%s\nwant\n%s", lines[0], first)
	}
	recap := lines[25:]
	if len(recap) != 1+20+1+1 || recap[0] != "25 failed:" || recap[20] != "  n18: is newer" ||
		recap[21] != "  and 5 more, see `b2 runs show 3`" {
		t.Errorf("the recap is\n%s", strings.Join(recap, "\n"))
	}
	if last := lines[len(lines)-1]; last != "ERROR: Incomplete sync: sync is incomplete" {
		t.Errorf("the last line is %s", last)
	}
	if got := o.out.String(); !strings.HasPrefix(got, "incomplete: ") {
		t.Errorf("the verdict is %q", got)
	}
}

func TestFewFailuresAreSaidOnce(t *testing.T) {
	var o told
	text := o.text(TextConfig{Verdict: VerdictNever})
	text.Event(b2sync.Problem{Name: "a", Path: "a", Err: errors.New("is newer")})
	text.Event(done(b2sync.Upload, "b", 0))
	text.Close(b2sync.Summary{Failed: 1})
	want := "ERROR: a: is newer\nERROR: Incomplete sync: sync is incomplete\n"
	if o.err.String() != want {
		t.Errorf("standard error is\n%s\nwant\n%s", &o.err, want)
	}
}

func TestRunThatEndsEarly(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("Directory W/e is empty.  Use --allow-empty-source to sync anyway."),
			"ERROR: Directory W/e is empty.  Use --allow-empty-source to sync anyway.\n"},
		{&Stopped{By: "SIGINT"}, "ERROR: stopped by SIGINT\n"},
	} {
		var o told
		o.text(TextConfig{}).Close(b2sync.Summary{Err: c.err})
		if o.err.String() != c.want {
			t.Errorf("%v: standard error is\n%s", c.err, &o.err)
		}
	}
}

// TestLinesDoNotWaitForTheEnd sees lines appear while the run goes on.
func TestLinesDoNotWaitForTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o told
		text := o.text(TextConfig{})
		take := func() string { // what was printed since the last look
			text.out.mu.Lock()
			defer text.out.mu.Unlock()
			defer o.out.Reset()
			return o.out.String()
		}
		for range 3 {
			text.Event(done(b2sync.Upload, "a", 0))
			if take() != "" {
				t.Error("a line is written at once: that is a write per file")
			}
			time.Sleep(flushAfter)
			synctest.Wait()
			if got := take(); got != "upload a\n" {
				t.Errorf("after %v there is %q", flushAfter, got)
			}
		}
		text.Close(b2sync.Summary{})
	})
}

func TestBrokenPipeIsQuiet(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	var stderr bytes.Buffer
	text := NewText(TextConfig{Stdout: w, Stderr: &stderr})
	for range 10_000 {
		text.Event(done(b2sync.Upload, "some/name", 0))
	}
	if err := text.Close(b2sync.Summary{}); err != nil || stderr.Len() > 0 {
		t.Errorf("a reader that went away gives %v, %q", err, &stderr)
	}
}

// full is a disk without room.
type full struct{ io.Writer }

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestLostOutputIsAnError(t *testing.T) {
	text := NewText(TextConfig{Stdout: full{}, Stderr: io.Discard})
	text.Event(done(b2sync.Upload, "a", 0))
	if err := text.Close(b2sync.Summary{}); err == nil {
		t.Error("lost lines are no error")
	}
}

func BenchmarkActionLine(b *testing.B) {
	text := NewText(TextConfig{Stdout: io.Discard, Stderr: io.Discard, Escape: true})
	defer text.Close(b2sync.Summary{})
	var e b2sync.Event = done(b2sync.Upload, "photos/2024/summer/IMG_2024.jpg", 0)
	b.ReportAllocs()
	for b.Loop() {
		text.Event(e)
	}
}
