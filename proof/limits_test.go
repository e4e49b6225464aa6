//go:build linux

package proof

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mount makes a small file system of its own at a folder of the lab, and
// answers how to mount it anew with other options.
func (l *lab) mount(folder, options string) (remount func(options string)) {
	l.t.Helper()
	if os.Getuid() != 0 {
		l.t.Skip("only root may mount a file system")
	}
	path := l.path(folder)
	if err := os.MkdirAll(path, 0o777); err != nil {
		l.t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, options); err != nil {
		l.t.Skipf("mounting a file system is not permitted here: %v", err)
	}
	l.t.Cleanup(func() {
		if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil {
			l.t.Error(err)
		}
	})
	return func(options string) {
		l.t.Helper()
		flags := uintptr(syscall.MS_REMOUNT)
		if rest, ok := strings.CutPrefix(options, "ro,"); ok {
			flags, options = flags|syscall.MS_RDONLY, rest
		}
		if err := syscall.Mount("tmpfs", path, "tmpfs", flags, options); err != nil {
			l.t.Fatal(err)
		}
	}
}

// files makes n contents of a size, by name.
func files(n, size int) map[string]string {
	made := map[string]string{}
	for i := range n {
		line := fmt.Sprintf("file %04d ", i)
		made[fmt.Sprintf("folder-%d/file-%04d", i%7, i)] = strings.Repeat(line, size/len(line)+1)[:size]
	}
	return made
}

// failsClearly holds a run that could not do all against what is asked of one:
// status 1, lines that say why, no trace of how it is built.
func failsClearly(t *testing.T, r result, why string) {
	t.Helper()
	if r.code != 1 || !strings.Contains(r.errs, why) || !strings.Contains(r.out, "incomplete:") && !strings.HasPrefix(r.errs, "ERROR: ") {
		t.Errorf("want status 1 and %q: %v", why, r)
	}
	if strings.Contains(r.errs, "panic") || strings.Contains(r.errs, "goroutine") {
		t.Errorf("not a word for people: %v", r)
	}
}

// wholeOrNot fails the test if a file below root is not one of those in full,
// or is ours and unfinished.
func wholeOrNot(t *testing.T, root string, want map[string]string) {
	t.Helper()
	for name, content := range readTree(t, root) {
		if content != want[name] {
			t.Errorf("%s has %d bytes, want %d or no file", name, len(content), len(want[name]))
		}
	}
}

func TestDiskFull(t *testing.T) {
	l := newLab(t)
	want := files(60, 10_000)
	for name, content := range want {
		l.put("in/"+name, content)
	}
	remount := l.mount("dst", "size=300k")
	r := l.run("sync", l.at("in"), l.path("dst"))
	failsClearly(t, r, "no space left")
	wholeOrNot(t, l.path("dst"), want)
	if got := len(l.tree("dst")); got < 10 {
		t.Errorf("only %d files, where 25 have room", got)
	}
	remount("size=2m")
	if r := l.run("sync", l.at("in"), l.path("dst")); r.code != 0 {
		t.Errorf("with more room: %v", r)
	}
	sameTree(t, "with more room", l.tree("dst"), want)
}

// TestDiskFullOfLargeFiles: one file that is larger than the disk, which has a
// file of its name already.
func TestDiskFullOfLargeFiles(t *testing.T) {
	l := newLab(t)
	l.put("in/big", strings.Repeat("too large for it ", 50_000))
	l.put("in/a-small", "small")
	remount := l.mount("dst", "size=400k")
	l.write("dst/big", "old")
	// One after the other: beside the large one the small one may find no room.
	failsClearly(t, l.run("sync", "--threads", "1", l.at("in"), l.path("dst")), "no space left")
	got := l.tree("dst")
	if got["big"] != "old" || got["a-small"] != "small" {
		t.Errorf("after a full disk: %d files, big has %d bytes, the small one %q", len(got), len(got["big"]), got["a-small"])
	}
	remount("size=4m")
	if r := l.run("sync", l.at("in"), l.path("dst")); r.code != 0 || len(l.tree("dst")["big"]) != 50_000*17 || len(l.tree("dst")) != 2 {
		t.Errorf("with more room: %v", r)
	}
}

// TestDiskFullOfRemovals: where removals wait for the end of the run there is
// no room, so nothing is removed.
func TestDiskFullOfRemovals(t *testing.T) {
	l := newLab(t)
	l.put("in/stays", "x")
	const extra = 150
	for i := range extra {
		l.write(fmt.Sprintf("dst/%0200d", i), "")
	}
	l.mount("spool", "size=16k")
	args := []string{"sync", "--delete", l.at("in"), l.path("dst")}
	failsClearly(t, program{args: args, env: []string{"TMPDIR=" + l.path("spool")}}.run(t, l.env), "no space left")
	if got := len(l.tree("dst")); got < extra {
		t.Errorf("%d files are left of %d", got, extra)
	}
	if r := l.run(args...); r.code != 0 || len(l.tree("dst")) != 1 {
		t.Errorf("with room: %v", r)
	}
}

// TestDiskFullOfHistory: the run itself needs no room in the home folder.
func TestDiskFullOfHistory(t *testing.T) {
	l := newLab(t)
	l.write("src/f", "content")
	l.mount("home", "size=4k,nr_inodes=2")
	r := l.run("sync", l.path("src"), l.at("up"))
	sameTree(t, "the bucket", l.objects("up/"), map[string]string{"f": "content"})
	if strings.Contains(r.errs, "panic") || strings.Count(r.errs, "\n") > 2 {
		t.Error(r)
	}
}

func TestReadOnlyDestination(t *testing.T) {
	l := newLab(t)
	l.put("in/f", "new content")
	l.put("in/new/file", "x")
	remount := l.mount("dst", "size=1m")
	l.write("dst/f", "old")
	l.write("dst/extra", "x")
	remount("ro,size=1m")
	failsClearly(t, l.run("sync", "--delete", l.at("in"), l.path("dst")), "read-only file system")
	sameTree(t, "the destination", l.tree("dst"), map[string]string{"f": "old", "extra": "x"})
}

// asNobody runs the program as a user without rights, with a home of its own.
func (l *lab) asNobody(args ...string) result {
	l.t.Helper()
	if os.Getuid() != 0 {
		l.t.Skip("only root may become another user")
	}
	home := l.path("home-of-nobody")
	if err := os.MkdirAll(home, 0o777); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Chown(home, nobody, nobody); err != nil {
		l.t.Fatal(err)
	}
	return program{args: args, nobody: true, dir: home, env: []string{"HOME=" + home}}.run(l.t, l.env)
}

// TestOneFolderIsDenied: its files are left alone on the other side, whatever
// the direction, and the rest goes on.
func TestOneFolderIsDenied(t *testing.T) {
	l := newLab(t)
	l.write("src/a", "a")
	l.write("src/secret/f", "new content")
	l.write("src/z", "z")
	l.put("up/secret/f", "old")
	l.put("up/secret/deep/g", "old")
	l.put("up/extra", "x")
	if err := os.Chmod(l.path("src/secret"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := l.asNobody("sync", "--delete", l.path("src"), l.at("up/"))
	failsClearly(t, r, "")
	if !strings.Contains(r.all(), "secret") || !strings.Contains(r.all(), "no permissions to read") {
		t.Errorf("the folder is not named: %v", r)
	}
	sameTree(t, "the bucket", l.objects("up/"), map[string]string{"a": "a", "z": "z", "secret/f": "old", "secret/deep/g": "old"})

	l.write("dst/locked/f", "old")
	l.write("dst/extra", "x")
	l.write("dst/unreadable/f", "old")
	for name, mode := range map[string]fs.FileMode{"dst": 0o777, "dst/locked": 0o755, "dst/unreadable": 0o700} {
		if err := os.Chmod(l.path(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", "locked/f", "locked/new", "unreadable/f", "z"} {
		l.put("down/"+name, "new content")
	}
	r = l.asNobody("sync", "--delete", l.at("down/"), l.path("dst"))
	failsClearly(t, r, "permission denied")
	for _, name := range []string{"locked/f", "locked/new", "unreadable"} {
		if !strings.Contains(r.all(), name) {
			t.Errorf("%s is not named: %v", name, r)
		}
	}
	sameTree(t, "the destination", l.tree("dst"), map[string]string{"a": "new content", "z": "new content", "locked/f": "old", "unreadable/f": "old"})
}

// TestFewFileDescriptors: with 64 of them, and more threads than that, a sync
// does all or says what it could not do; a second run with fewer threads does
// the rest.
func TestFewFileDescriptors(t *testing.T) {
	l := newLab(t)
	want := files(300, 100)
	for name, content := range want {
		l.write("src/"+name, content)
	}
	for _, sides := range [][2]string{{l.path("src"), l.at("up/")}, {l.at("up/"), l.path("dst")}, {l.at("up/"), l.at("copy/")}} {
		many := program{shell: "ulimit -n 64", args: []string{"sync", "--delete", "--retry-for", "300ms", "--threads", "99", sides[0], sides[1]}}.run(t, l.env)
		if many.code != 0 {
			failsClearly(t, many, "too many open files")
			t.Logf("99 threads: %.300s", many.errs)
		}
		few := program{shell: "ulimit -n 64", args: []string{"sync", "--threads", "8", sides[0], sides[1]}}.run(t, l.env)
		if few.code != 0 {
			t.Errorf("8 threads: %v", few)
		}
	}
	sameTree(t, "up", l.objects("up/"), want)
	sameTree(t, "down", l.tree("dst"), want)
	sameTree(t, "copy", l.objects("copy/"), want)
}

// TestReaderThatLeaves: the reader of standard output goes away, as head does.
// The sync ends soon, without a trace, or does its work to the end.
func TestReaderThatLeaves(t *testing.T) {
	l := newLab(t)
	want := files(300, 10)
	for name, content := range want {
		l.write("src/"+name, content)
	}
	for _, script := range []string{
		`"$0" sync "$1" "$2" | head -n 1`,
		`"$0" sync "$1" "$2" 2>&1 >/dev/full | head -n 1`,
		`"$0" sync "$1" "$2" >&-`,
		`"$0" sync "$1" "$2" >/dev/null 2>&-`,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a program that hangs does not end by itself
		cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script, binary, l.path("src"), l.at("up/"))
		cmd.Env, cmd.WaitDelay = append(l.env, "PATH="+os.Getenv("PATH")), time.Second
		out, err := cmd.CombinedOutput()
		if ctx.Err() != nil || strings.Contains(string(out), "panic") || strings.Contains(string(out), "goroutine ") {
			t.Errorf("%s: %v, %v\n%.500s", script, err, ctx.Err(), out)
		}
		cancel()
	}
	if r := l.run("sync", l.path("src"), l.at("up/")); r.code != 0 {
		t.Error(r)
	}
	sameTree(t, "the bucket", l.objects("up/"), want)
	if left, _ := filepath.Glob(l.path("*.part")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
