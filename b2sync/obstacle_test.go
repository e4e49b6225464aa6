package b2sync_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2sync"
)

// TestObstacles puts a file where a folder is needed, and the reverse. What a
// removal clears goes through after the gate; what nothing clears is reported.
// A dry run says the same.
func TestObstacles(t *testing.T) {
	tests := []struct {
		name   string
		bucket []string
		local  []string
		o      b2sync.Options
		failed int64
		left   []string
	}{
		{"a folder is in the way", []string{"a"}, []string{"a/x"}, b2sync.Options{}, 1, []string{"a/", "a/x=old"}},
		{"a folder is cleared", []string{"a"}, []string{"a/x", "a/y/z"}, deleting, 0, []string{"a=new"}},
		{"a file is in the way", []string{"a/b"}, []string{"a"}, b2sync.Options{}, 1, []string{"a=old"}},
		{"a file is cleared", []string{"a/b"}, []string{"a"}, deleting, 0, []string{"a/", "a/b=new"}},
		{"the bucket has both", []string{"a", "a-", "a/b", "a/c"}, nil, b2sync.Options{}, 2, []string{"a-=new", "a=new"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t)
			for _, name := range tt.bucket {
				l.put(name, "new", moment(9))
			}
			for _, name := range tt.local {
				l.write("dst/"+name, "old", moment(1))
			}
			before := l.filesIfAny("dst")
			rehearsed := tt.o
			rehearsed.DryRun = true
			dry := l.sync(l.at(""), l.folder("dst"), rehearsed)
			want(t, "after the dry run", l.filesIfAny("dst"), before...)
			out := l.sync(l.at(""), l.folder("dst"), tt.o)
			want(t, "after the run", l.files("dst"), tt.left...)
			if out.Failed != tt.failed || out.Err != nil {
				t.Errorf("%d failures, want %d: %v %q", out.Failed, tt.failed, out.Err, out.lines)
			}
			if len(tt.local) > 0 && !slices.Equal(actions(dry), actions(out)) {
				t.Errorf("the dry run said\n%q, the run\n%q", actions(dry), actions(out))
			}
		})
	}
}

// actions are the lines of a run without the reasons of failures.
func actions(o outcome) []string {
	var lines []string
	for _, line := range o.lines {
		line, _, _ = strings.Cut(line, ":")
		lines = append(lines, line)
	}
	return lines
}

// filesIfAny are the files of a folder that may not exist.
func (l *lab) filesIfAny(folder string) []string {
	if _, err := os.Stat(filepath.Join(l.dir, folder)); err != nil {
		return nil
	}
	return l.files(folder)
}

// TestFolderMarkers: zero-byte objects whose names end in a slash are folders.
func TestFolderMarkers(t *testing.T) {
	l := newLab(t)
	l.putRaw("in/d/", "")
	l.putRaw("in/e/", "")
	l.put("in/d/f", "x", moment(1))

	l.clean(l.at("in"), l.folder("dst"), b2sync.Options{})
	want(t, "downloaded", l.files("dst"), "d/", "d/f=x", "e/")
	if again := l.clean(l.at("in"), l.folder("dst"), deleting); again.Actions() != 0 {
		t.Errorf("the second download did %q", again.lines)
	}

	l.clean(l.at("in"), l.at("out"), deleting)
	want(t, "copied", l.names(), "in/d/", "in/d/f", "in/e/", "out/d/", "out/d/f", "out/e/")
	if again := l.clean(l.at("in"), l.at("out"), deleting); again.Actions() != 0 {
		t.Errorf("the second copy did %q", again.lines)
	}

	// Markers stay while the folder exists at the source, and go with it.
	if out := l.clean(l.folder("dst"), l.at("out"), deleting); out.Actions() != 0 {
		t.Errorf("folders that exist lost their markers: %q", out.lines)
	}
	os.Remove(filepath.Join(l.dir, "dst", "e"))
	out := l.clean(l.folder("dst"), l.at("out"), deleting)
	want(t, "with one folder gone", out.lines, "delete e/")
}

// TestEmptiedFolders: a folder that a run has emptied goes, unless the source
// has it; one that was empty before is left alone.
func TestEmptiedFolders(t *testing.T) {
	l := newLab(t)
	l.putRaw("kept/", "")
	l.put("f", "x", moment(1))
	l.write("dst/f", "x", moment(1))
	l.write("dst/kept/old", "x", moment(1))
	l.write("dst/gone/deep/old", "x", moment(1))
	if err := os.MkdirAll(filepath.Join(l.dir, "dst", "was-empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	l.clean(l.at(""), l.folder("dst"), deleting)
	want(t, "destination", l.files("dst"), "f=x", "kept/", "was-empty/")
}

// TestOverlap: source and destination inside each other are refused, unless a
// filter keeps them apart.
func TestOverlap(t *testing.T) {
	names := func(spec b2sync.FilterSpec) *b2sync.NameFilter {
		f, err := b2sync.NewNameFilter(spec)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	l := newLab(t)
	l.put("a/f", "x", moment(1))
	l.put("a/b/g", "x", moment(1))
	tests := []struct {
		src, dst string
		o        b2sync.Options
		ok       bool
	}{
		{"", "a", b2sync.Options{}, false},
		{"a", "", b2sync.Options{}, false},
		{"a", "a/b", b2sync.Options{}, false},
		{"a", "a/b", b2sync.Options{Names: names(b2sync.FilterSpec{ExcludeDirRegex: []string{"b$"}})}, true},
		{"a/b", "a", b2sync.Options{Names: names(b2sync.FilterSpec{ExcludeDirRegex: []string{"b$"}})}, true},
		{"a", "a/b", b2sync.Options{Names: names(b2sync.FilterSpec{ExcludeDirRegex: []string{"c$"}})}, false},
		{"a", "ab", b2sync.Options{}, true},
		{"a", "a", b2sync.Options{}, true},
	}
	for _, tt := range tests {
		tt.o.DryRun = true
		out := l.sync(l.at(tt.src), l.at(tt.dst), tt.o)
		if (out.Err == nil) != tt.ok {
			t.Errorf("from %q to %q: %v, want allowed: %v", tt.src, tt.dst, out.Err, tt.ok)
		}
	}
}

// TestOverlapHintIsForAShell: what the error says to add must do when it is
// added, whatever the folder's name.
func TestOverlapHintIsForAShell(t *testing.T) {
	l := newLab(t)
	for inner, want := range map[string]string{
		"b": `--exclude-dir-regex 'b$'`, "a b.c": `--exclude-dir-regex 'a b\.c$'`, "it's $(x)": `--exclude-dir-regex 'it'"'"'s \$\(x\)$'`,
	} {
		out := l.sync(l.at("a"), l.at("a/"+inner), b2sync.Options{DryRun: true})
		if out.Err == nil || !strings.Contains(out.Err.Error(), want) {
			t.Errorf("%q: %v, want %s in it", inner, out.Err, want)
		}
	}
}

// TestPointInTime restores a place in a bucket to what it was, by copies on
// the server.
func TestPointInTime(t *testing.T) {
	l := newLab(t)
	l.put("changed", "old", moment(1))
	l.put("deleted", "old", moment(1))
	then := l.server.Now()
	l.server.Advance(t, 1e9*3600)
	l.put("changed", "new!", moment(9))
	l.hide("deleted")
	l.put("later", "new", moment(9))
	o := b2sync.Options{UploadedAfter: new(then.UnixMilli()), Newer: b2sync.NewerReplaced}
	l.clean(l.at(""), l.folder("restored"), o)
	want(t, "into a folder", l.files("restored"), "changed=old", "deleted=old")
	o.Extraneous, o.KeepDays = b2sync.ExtraneousKeepDays, 1000
	l.clean(l.at(""), l.at(""), o)
	l.clean(l.at(""), l.folder("again"), b2sync.Options{})
	want(t, "in place", l.files("again"), "changed=old", "deleted=old", "later=new")
}

// TestCopyKeepsOddNames: names that other tools made are copied as they are.
func TestCopyKeepsOddNames(t *testing.T) {
	l := newLab(t)
	names := []string{"in//abs", "in/a//b", "in/../up", "in/./dot", "in/back\\slash", "in/end/"}
	for _, name := range names {
		l.putRaw(name, "x")
	}
	l.clean(l.at("in"), l.at("out"), b2sync.Options{})
	for i := range names {
		names[i] = "out" + strings.TrimPrefix(names[i], "in")
	}
	slices.Sort(names)
	got := slices.DeleteFunc(l.names(), func(n string) bool { return strings.HasPrefix(n, "in") })
	want(t, "copies", got, names...)
}
