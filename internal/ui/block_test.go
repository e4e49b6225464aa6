package ui

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/mattn/go-runewidth"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
)

// screen is a terminal in memory: what is written to it can be looked at.
type screen struct {
	tty *os.File
	pty *os.File

	mu    sync.Mutex
	bytes bytes.Buffer
	gone  chan struct{}
}

func openScreen(t *testing.T, columns uint16) *screen {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	s := &screen{tty: tty, pty: master, gone: make(chan struct{})}
	s.resize(t, columns)
	go func() {
		defer close(s.gone)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			s.mu.Lock()
			s.bytes.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { tty.Close(); master.Close(); <-s.gone })
	return s
}

func (s *screen) resize(t *testing.T, columns uint16) {
	t.Helper()
	if err := pty.Setsize(s.pty, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes.String()
}

// await waits until the screen has shown what is wanted since an earlier mark.
func (s *screen) await(t *testing.T, since int, want string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(s.text()[since:], want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%q never appeared in %q", want, s.text()[since:])
}

// visible replays what was written, as far as the block uses it (line ends,
// cursor up, erasing), and returns the lines that are left to see.
func visible(text string) []string {
	lines, row, column := []string{""}, 0, 0
	for len(text) > 0 {
		var up int
		switch n, _ := fmt.Sscanf(text, "\x1b[%dA", &up); {
		case n == 1:
			row -= up
			text = text[strings.IndexByte(text, 'A')+1:]
			continue
		case strings.HasPrefix(text, "\x1b[J"):
			lines = append(lines[:row], lines[row][:column])
			text = text[len("\x1b[J"):]
			continue
		case strings.HasPrefix(text, "\x1b[K"):
			lines[row] = lines[row][:column]
			text = text[len("\x1b[K"):]
			continue
		}
		switch c := text[0]; c {
		case '\r':
			column = 0
		case '\n':
			row++
			if row == len(lines) {
				lines = append(lines, "")
			}
		default:
			lines[row] = lines[row][:column] + string(c) + lines[row][min(column+1, len(lines[row])):]
			column++
		}
		text = text[1:]
	}
	return lines
}

func TestBlockOnATerminal(t *testing.T) {
	s := openScreen(t, 80)
	progress := func() b2sync.Progress {
		return b2sync.Progress{Scanned: 12345, Compared: 12000,
			ToDo: b2sync.Tally{Count: 20, Bytes: 2e9}, Done: b2sync.Tally{Count: 5, Bytes: 1e9}}
	}
	text := NewText(TextConfig{Stdout: s.tty, Stderr: s.tty, StdoutTTY: true, StderrTTY: true, Sources: Sources{Progress: progress}})
	s.await(t, 0, "5 of 20+ files, 1.0 GB of 2.0 GB+")
	s.await(t, 0, "12,345 scanned, 12,000 compared")
	text.Event(done(b2sync.Upload, "above", 0))
	s.await(t, 0, "upload above")

	mark := len(s.text())
	s.resize(t, 30)
	s.await(t, mark, "5 of 20+ files\x1b[K\r\n") // the rest has no room
	text.Close(b2sync.Summary{})
	s.await(t, mark, "done: nothing to do")

	left := visible(s.text())
	want := []string{"upload above", "done: nothing to do, 0 failed; 0s", ""}
	if strings.Join(left, "\n") != strings.Join(want, "\n") {
		t.Errorf("left on the screen is %q, want %q", left, want)
	}
}

// TestOutputApartFromTheBlock has standard output in a file: the block is on
// the terminal, and the file holds lines only.
func TestOutputApartFromTheBlock(t *testing.T) {
	s := openScreen(t, 80)
	var out bytes.Buffer
	text := NewText(TextConfig{Stdout: &out, Stderr: s.tty, StderrTTY: true, Verdict: VerdictNever,
		Sources: Sources{Progress: func() b2sync.Progress { return b2sync.Progress{Scanned: 7} }}})
	s.await(t, 0, "7 scanned")
	text.Event(done(b2sync.Upload, "x", 0))
	text.Close(b2sync.Summary{})
	if out.String() != "upload x\n" {
		t.Errorf("standard output is %q", &out)
	}
	if strings.Contains(s.text(), "upload") {
		t.Error("the terminal has the action line as well")
	}
}

// TestPipeToTheTerminal has standard output in a pipe whose other end writes to
// the terminal, as in "b2 sync ... | tee log": the block is gone before a line
// goes into the pipe, and comes back.
func TestPipeToTheTerminal(t *testing.T) {
	s := openScreen(t, 80)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var tee sync.WaitGroup
	tee.Go(func() { io.Copy(s.tty, out) })
	text := NewText(TextConfig{Stdout: in, Stderr: s.tty, StderrTTY: true, Verdict: VerdictAlways,
		Sources: Sources{Progress: func() b2sync.Progress { return b2sync.Progress{Scanned: 7} }}})
	s.await(t, 0, "7 scanned")
	text.Event(done(b2sync.Upload, "x", 0))
	text.Event(done(b2sync.Upload, "y", 0))
	s.await(t, 0, "upload y")
	s.await(t, strings.Index(s.text(), "upload y"), "7 scanned")
	text.Close(b2sync.Summary{})
	in.Close()
	tee.Wait()
	s.await(t, 0, "0 failed; 0s\r\n")
	left := visible(s.text())
	want := []string{"upload x", "upload y", "done: nothing to do, 0 failed; 0s", ""}
	if strings.Join(left, "\n") != strings.Join(want, "\n") {
		t.Errorf("left on the screen is %q, want %q", left, want)
	}
}

func TestNoProgressDrawsNothing(t *testing.T) {
	s := openScreen(t, 80)
	text := NewText(TextConfig{Stdout: io.Discard, Stderr: s.tty, StderrTTY: true, NoProgress: true,
		Sources: Sources{Progress: func() b2sync.Progress { t.Error("asked for progress"); return b2sync.Progress{} }}})
	text.Event(done(b2sync.Upload, "x", 0))
	text.Close(b2sync.Summary{})
	io.WriteString(s.tty, "end")
	s.await(t, 0, "end")
	if s.text() != "end" {
		t.Errorf("the terminal has %q", s.text())
	}
}

func TestStatusLines(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	busy := status{Progress: b2sync.Progress{
		Scanned: 12345, Compared: 12000, Failed: 2,
		ToDo: b2sync.Tally{Count: 5120, Bytes: 10_400_000_000},
		Done: b2sync.Tally{Count: 1204, Bytes: 3_200_000_000}}, rate: 45e6, now: now}
	listed := busy
	listed.Listed = true
	waiting := busy
	waiting.waiting = true
	waiting.wait = Waiting{Since: now.Add(-42 * time.Second), Until: now.Add(8 * time.Second),
		Why: b2.Attempt{Status: 503, Code: "service_unavailable"}}
	hiccup := waiting
	hiccup.wait.Since = now.Add(-calm / 2)
	flying := listed
	flying.flying = []b2sync.Transfer{
		{Name: "films/long\x1b.mov", Size: 1000, Moved: 345, Started: now.Add(-time.Hour)},
		{Name: "empty", Started: now.Add(-calm)},
		{Name: "quick", Size: 10, Started: now.Add(-time.Second)},
	}
	for _, c := range []struct {
		name    string
		status  status
		columns int
		want    []string
	}{
		{"at the start", status{}, 79,
			[]string{"nothing to transfer so far", "0 scanned, 0 compared"}},
		{"more to come", busy, 79,
			[]string{"[########-------------------] 1,204 of 5,120+ files, 3.2 GB of 10 GB+, 45 MB/s", "2 failed, 12,345 scanned, 12,000 compared"}},
		{"all known", listed, 79,
			[]string{"[#####------------] 1,204 of 5,120 files, 3.2 GB of 10 GB, 45 MB/s, 2m40s left", "2 failed, 12,345 scanned, 12,000 compared"}},
		{"narrow", listed, 40,
			[]string{"1,204 of 5,120 files, 3.2 GB of 10 GB", "2 failed, 12,345 scanned"}},
		{"very narrow", listed, 9,
			[]string{"1,204 of…", "2 failed"}},
		{"in flight", flying, 79,
			[]string{"[#####------------] 1,204 of 5,120 files, 3.2 GB of 10 GB, 45 MB/s, 2m40s left", "2 failed, 12,345 scanned, 12,000 compared, 3 in flight",
				`films/long\x1b.mov 34%, empty`}},
		{"in flight, narrow", flying, 20,
			[]string{"1,204 of 5,120 files", "2 failed", `films/long\x1b.mov …`}},
		{"no room", listed, -1, []string{"", ""}},
		{"waiting", waiting, 79,
			[]string{"[########-------------------] 1,204 of 5,120+ files, 3.2 GB of 10 GB+, 45 MB/s",
				"waiting for the service for 42s, next try in 8s, 503 service_unavailable"}},
		{"waiting for a moment", hiccup, 79,
			[]string{"[########-------------------] 1,204 of 5,120+ files, 3.2 GB of 10 GB+, 45 MB/s", "2 failed, 12,345 scanned, 12,000 compared"}},
	} {
		got := c.status.lines(c.columns)
		if len(got) != len(c.want) {
			t.Errorf("%s: the lines are %q", c.name, got)
			continue
		}
		for i := range got {
			if strings.TrimRight(got[i], " ") != c.want[i] {
				t.Errorf("%s: line %d is\n%q, want\n%q", c.name, i+1, got[i], c.want[i])
			}
			if runewidth.StringWidth(got[i]) > max(c.columns, 0) {
				t.Errorf("%s: line %d is wider than %d", c.name, i+1, c.columns)
			}
		}
	}
}

func TestSpeedIsOfTheLastSeconds(t *testing.T) {
	var s speed
	at := time.Unix(1000, 0)
	if s.perSecond() != 0 {
		t.Error("there is a rate before anything was seen")
	}
	var n int64
	for range 100 { // a quick minute and a half
		s.add(at, n)
		at, n = at.Add(time.Second), n+1000
	}
	if got := s.perSecond(); got != 1000 {
		t.Errorf("the rate is %v, want 1000", got)
	}
	for range 20 { // then nothing moves
		s.add(at, n)
		at = at.Add(time.Second)
	}
	if got := s.perSecond(); got != 0 {
		t.Errorf("the rate is %v, want 0", got)
	}
	if len(s.samples) > 12 {
		t.Errorf("%d samples are kept", len(s.samples))
	}
}

func TestMeterKnowsOneStateOfWaiting(t *testing.T) {
	var m Meter
	var told int
	m.OnAttempt(func(b2.Attempt) { told++ })
	fail := b2.Attempt{Call: "b2_upload_file", Class: 'A', Units: 1, Status: 503, Err: io.EOF, Retry: true, Wait: time.Minute}
	m.Observe(fail)
	first, waiting := m.Waiting()
	m.Observe(fail)
	second, _ := m.Waiting()
	if !waiting || first.Since != second.Since || told != 2 {
		t.Errorf("two failures: %+v then %+v, told %d times", first, second, told)
	}
	m.Observe(b2.Attempt{Call: "b2_list_file_names", Class: 'C', Units: 10})
	if _, waiting := m.Waiting(); waiting {
		t.Error("it waits although a call succeeded")
	}
	if got, want := m.Calls(), (Calls{A: 2, C: 10, Requests: 3, Retries: 2}); got != want {
		t.Errorf("the calls are %+v, want %+v", got, want)
	}
	if got, want := m.ByName()["b2_upload_file"], (Calls{A: 2, Requests: 2, Retries: 2}); got != want {
		t.Errorf("the uploads are %+v, want %+v", got, want)
	}
}
