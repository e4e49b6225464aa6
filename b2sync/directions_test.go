package b2sync_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// The promises that hold in each direction, held against each direction. What
// belongs to one direction only is in promises_test.go.

// A direction is a source "from" and a destination "to", and what makes and
// shows files in them.
type direction struct {
	name       string
	transfer   string // the call that moves content
	scan, dest string // the calls that list source and destination; "" for a folder
	local      struct{ from, to bool }
}

var directions = []direction{
	{name: "up", transfer: "b2_upload_file", dest: "b2_list_file_versions", local: struct{ from, to bool }{from: true}},
	{name: "down", transfer: "b2_download_file_by_id", scan: "b2_list_file_names", local: struct{ from, to bool }{to: true}},
	{name: "copy", transfer: "b2_copy_file", scan: "b2_list_file_names", dest: "b2_list_file_versions"},
}

// everyDirection runs a test in all three.
func everyDirection(t *testing.T, test func(t *testing.T, l *lab, d direction)) {
	for _, d := range directions {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			test(t, newLab(t), d)
		})
	}
}

func (d direction) src(l *lab) b2sync.Location {
	if d.local.from {
		return l.folder("from")
	}
	return l.at("from")
}

func (d direction) dst(l *lab) b2sync.Location {
	if d.local.to {
		return l.folder("to")
	}
	return l.at("to")
}

// make makes a file n seconds into the lab's time, by its place and name, such
// as from/a.
func (d direction) make(l *lab, name, content string, n int) {
	if d.local.from && strings.HasPrefix(name, "from/") || d.local.to && strings.HasPrefix(name, "to/") {
		l.write(name, content, moment(n))
		return
	}
	l.put(name, content, moment(n))
}

// there are the names of the destination's files, below it.
func (d direction) there(l *lab) (names []string) {
	if d.local.to {
		for _, file := range l.files("to") {
			if name, _, ok := strings.Cut(file, "="); ok { // a folder has no content
				names = append(names, name)
			}
		}
		return names
	}
	for _, name := range l.names() {
		if below, ok := strings.CutPrefix(name, "to/"); ok {
			names = append(names, below)
		}
	}
	return names
}

// held is what the destination has: files with their contents, or versions with
// their sizes.
func (d direction) held(l *lab) (held []string) {
	if d.local.to {
		return l.files("to")
	}
	for _, version := range l.versions() {
		if below, ok := strings.CutPrefix(version, "to/"); ok {
			held = append(held, below)
		}
	}
	return held
}

// fails has a call be refused n times, for good.
func (d direction) fails(l *lab, call string, n int) {
	l.server.Fail(call, n, refusal)
}

// P1: nothing of the destination goes when what replaces it was not stored.
func TestP1EveryDirection(t *testing.T) {
	everyDirection(t, func(t *testing.T, l *lab, d direction) {
		d.make(l, "to/a", "old", 1)
		d.make(l, "from/a", "newer", 9)
		d.fails(l, d.transfer, 1)
		if out := l.sync(d.src(l), d.dst(l), deleting); out.OK() || out.Failed != 1 {
			t.Errorf("the failure was not reported: %q", out.lines)
		}
		old, newer := "a upload 3", "a upload 5"
		if d.local.to {
			old, newer = "a=old", "a=newer"
		}
		want(t, "after the failure", d.held(l), old)
		l.clean(d.src(l), d.dst(l), deleting)
		want(t, "after the transfer", d.held(l), newer)
	})
}

// P2: a side that breaks off protects all beyond.
func TestP2EveryDirection(t *testing.T) {
	everyDirection(t, func(t *testing.T, l *lab, d direction) {
		for _, call := range []string{d.scan, d.dest} {
			if call == "" {
				continue
			}
			d.make(l, "from/a", "a", 1)
			d.make(l, "to/a", "a", 1)
			d.make(l, "to/z", "z", 1)
			d.fails(l, call, 1)
			if out := l.sync(d.src(l), d.dst(l), deleting); out.OK() {
				t.Errorf("%s: the broken listing was not reported", call)
			}
			want(t, call, d.there(l), "a", "z")
		}
		if d.local.from {
			return
		}
		d.make(l, "from/b", "b", 1)
		l.clean(d.src(l), d.dst(l), deleting) // with both sides seen, what is extraneous goes
		want(t, "in the end", d.there(l), "a", "b")
	})
}

// P3: what a rule leaves out is left alone.
func TestP3EveryDirection(t *testing.T) {
	everyDirection(t, func(t *testing.T, l *lab, d direction) {
		d.make(l, "from/a", "a", 1)
		d.make(l, "from/skip/new", "x", 1)
		d.make(l, "to/skip/old", "x", 1)
		d.make(l, "to/z", "z", 1)
		names, err := b2sync.NewNameFilter(b2sync.FilterSpec{ExcludeRegex: []string{"skip/.*"}})
		if err != nil {
			t.Fatal(err)
		}
		o := deleting
		o.Names = names
		l.clean(d.src(l), d.dst(l), o)
		want(t, "destination", d.there(l), "a", "skip/old")
	})
}

// P4: an empty source is an error when something could go.
func TestP4EveryDirection(t *testing.T) {
	everyDirection(t, func(t *testing.T, l *lab, d direction) {
		d.make(l, "to/a", "a", 1)
		if d.local.from {
			if err := os.Mkdir(filepath.Join(l.dir, "from"), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if out := l.sync(d.src(l), d.dst(l), deleting); out.OK() {
			t.Error("an empty source was taken for what was meant")
		}
		want(t, "destination", d.there(l), "a")
		o := deleting
		o.AllowEmpty = true
		l.clean(d.src(l), d.dst(l), o)
		want(t, "destination, when it is meant", d.there(l))
	})
}

// P7: what was replaced stays for as long as was said, and then goes. A folder
// keeps no history.
func TestP7EveryDirection(t *testing.T) {
	everyDirection(t, func(t *testing.T, l *lab, d direction) {
		if d.local.to {
			return
		}
		const day = 24 * time.Hour
		keep := b2sync.Options{Extraneous: b2sync.ExtraneousKeepDays, KeepDays: 3}
		d.make(l, "to/a", "old", 1)
		l.server.Advance(t, 100*day) // its age does not matter, only when it was replaced
		d.make(l, "from/a", "newer", 9)
		l.clean(d.src(l), d.dst(l), keep)
		want(t, "at once", d.held(l), "a upload 5", "a upload 3")
		l.server.Advance(t, 2*day)
		l.clean(d.src(l), d.dst(l), keep)
		want(t, "two days later", d.held(l), "a upload 5", "a upload 3")
		l.server.Advance(t, 2*day)
		l.clean(d.src(l), d.dst(l), keep)
		want(t, "four days later", d.held(l), "a upload 5")
	})
}

// P8: one bad file is named, and the others are done.
func TestP8EveryDirection(t *testing.T) {
	everyDirection(t, func(t *testing.T, l *lab, d direction) {
		for _, name := range []string{"a", "b", "c", "d"} {
			d.make(l, "from/"+name, "new", 1)
		}
		d.make(l, "to/b", "newer", 9)
		out := l.sync(d.src(l), d.dst(l), b2sync.Options{})
		want(t, "destination", d.there(l), "a", "b", "c", "d")
		if out.Failed != 1 || !strings.Contains(strings.Join(out.lines, "\n"), "b") {
			t.Errorf("want one failure, by name: %q", out.lines)
		}
	})
}

// P10: what is busy is tried again, in whatever call, and the run is clean.
func TestP10EveryDirection(t *testing.T) {
	everyDirection(t, func(t *testing.T, l *lab, d direction) {
		for _, name := range []string{"a", "b"} {
			d.make(l, "from/"+name, "new", 1)
		}
		d.make(l, "to/z", "z", 1)
		for _, call := range []string{d.scan, d.dest, d.transfer} {
			if call != "" {
				l.server.Fail(call, 1, b2test.Busy())
			}
		}
		out := l.clean(d.src(l), d.dst(l), deleting)
		want(t, "destination", d.there(l), "a", "b")
		if out.Failed != 0 {
			t.Errorf("a retry was counted as a failure: %q", out.lines)
		}
		if slices.ContainsFunc(out.lines, func(line string) bool { return strings.Contains(line, "503") }) {
			t.Errorf("a retry was printed: %q", out.lines)
		}
	})
}
