package ui

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2sync"
)

// inTmux names the folder that tells the program under test when to go on.
const inTmux = "BOWLINE_TEST_BLOCK"

// lastFile ends the program under test.
const lastFile = "zzz"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inTmux); dir != "" {
		drawUntilTold(dir)
		return
	}
	os.Exit(m.Run())
}

// drawUntilTold draws a status block and prints an action line for each file
// that appears in a folder, until lastFile.
func drawUntilTold(dir string) {
	text := NewText(TextConfig{Stdout: os.Stdout, Stderr: os.Stderr, StdoutTTY: true, StderrTTY: true, Sources: Sources{
		Progress: func() b2sync.Progress {
			return b2sync.Progress{Scanned: 123_456, Compared: 120_000, Failed: 7,
				ToDo: b2sync.Tally{Count: 20_000, Bytes: 2e9}, Done: b2sync.Tally{Count: 5000, Bytes: 1e9}}
		},
		Transfers: func() []b2sync.Transfer {
			return []b2sync.Transfer{{Name: "films/a-film-with-a-long-name.mov", Size: 100, Moved: 40, Started: time.Now().Add(-time.Hour)}}
		},
	}})
	seen := map[string]bool{}
	for !seen[lastFile] {
		files, err := os.ReadDir(dir)
		if err != nil {
			panic(err)
		}
		for _, f := range files {
			if !seen[f.Name()] {
				seen[f.Name()] = true
				text.Event(done(b2sync.Upload, f.Name(), 0))
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	text.Close(b2sync.Summary{})
	select {} // the window stays
}

// window is a terminal of tmux with the program above in it.
type window struct {
	t      *testing.T
	server string
	dir    string
}

func openWindow(t *testing.T, columns, rows int) *window {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("there is no tmux")
	}
	w := &window{t: t, dir: t.TempDir(), server: filepath.Join(t.TempDir(), "tmux")}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w.tmux("-f", os.DevNull, "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), "-e", inTmux+"="+w.dir, self)
	t.Cleanup(func() { w.tmux("kill-server") })
	return w
}

func (w *window) tmux(args ...string) string {
	w.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", w.server}, args...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// say lets the program print a line.
func (w *window) say(name string) {
	if err := os.WriteFile(filepath.Join(w.dir, name), nil, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// await waits until the window and what has scrolled out of it hold these
// lines and no others.
func (w *window) await(want ...string) {
	w.t.Helper()
	var got []string
	for range 150 {
		got = strings.Split(strings.TrimRight(w.tmux("capture-pane", "-p", "-S", "-"), "\n"), "\n")
		if slices.Equal(got, want) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Fatalf("the window shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
}

// TestResizedWindow makes a window narrower and wider while the block is
// drawn: nothing of it stays behind, and no line above is lost. The window is
// full, as it soon is: out of one that is not, tmux scrolls what could still be
// erased.
func TestResizedWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("runs tmux")
	}
	w := openWindow(t, 110, 12)
	wide := []string{
		"[###############---------------] 5,000 of 20,000+ files, 1.0 GB of 2.0 GB+",
		"7 failed, 123,456 scanned, 120,000 compared, 1 in flight",
		"films/a-film-with-a-long-name.mov 40%",
	}
	narrow := []string{"5,000 of 20,000+ files", "7 failed, 123,456 scanned", "films/a-film-with-a-long-na…"}
	var above []string
	say := func(names ...string) {
		for _, name := range names {
			w.say(name)
			above = append(above, "upload "+name)
		}
	}
	with := func(block []string) []string { return slices.Concat(above, block) }
	w.await(wide...)
	say("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m")
	w.await(with(wide)...)
	w.tmux("resize-window", "-x", "29")
	w.await(with(narrow)...)
	say("n")
	w.await(with(narrow)...)
	w.tmux("resize-window", "-x", "110")
	w.await(with(wide)...)
	w.tmux("resize-window", "-x", "29", "-y", "4")
	say("o")
	w.await(with(narrow)...)
	w.tmux("resize-window", "-y", "3") // it has no room for all
	say("p")
	w.await(with(narrow[:2])...)
	w.tmux("resize-window", "-x", "110", "-y", "12")
	say(lastFile)
	w.await(with([]string{"done: nothing to do, 0 failed; 0s"})...)
}
