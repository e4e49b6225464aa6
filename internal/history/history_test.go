package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2sync"
)

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func beginning() Run {
	return Run{Started: time.UnixMilli(1_790_000_000_000), PID: 42, Source: "/home", Destination: "b2://bucket", Options: []string{"--delete", "--threads", "9"}}
}

func TestRunIsRemembered(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "bowline")
	entry := Begin(dir, beginning())
	if entry.ID() != 1 {
		t.Fatalf("the first run has number %d", entry.ID())
	}
	s := openStore(t, dir)
	if r, err := s.Get(t.Context(), 1); err != nil || r.Outcome != Running || !r.Ended.IsZero() {
		t.Errorf("while it runs it is %+v, %v", r, err)
	}

	end := beginning()
	end.Ended = end.Started.Add(time.Minute)
	end.Outcome, end.Verdict = "incomplete", "incomplete: 1 failed"
	end.Counts = map[string]int64{"uploaded": 3, "calls_c": 9}
	end.Failed, end.Failures = 1, []Failure{{Name: "upload a", Cause: "permission denied"}, {Name: "b", Cause: "is odd", Warning: true}}
	end.Report = []byte("packed")
	if err := entry.End(end); err != nil {
		t.Fatal(err)
	}

	got, err := s.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	end.ID, end.Report = 1, nil
	if !reflect.DeepEqual(*got, end) {
		t.Errorf("it is remembered as\n%+v, want\n%+v", *got, end)
	}
	if report, err := s.Report(t.Context(), 1); err != nil || string(report) != "packed" {
		t.Errorf("the report is %q, %v", report, err)
	}
	if _, err := s.Get(t.Context(), 2); !errors.Is(err, ErrNotFound) {
		t.Errorf("run 2 gives %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "runs.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the history: %v, %v", info.Mode(), err)
	}
}

func TestListAndPrune(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		r := beginning()
		r.Started = r.Started.Add(time.Duration(i) * time.Hour)
		if err := Begin(dir, r).End(r); err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, dir)
	numbers := func(limit int) (ids []int64) {
		runs, err := s.List(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			ids = append(ids, r.ID)
		}
		return ids
	}
	if got := fmt.Sprint(numbers(2), numbers(0)); got != "[5 4] [5 4 3 2 1]" {
		t.Errorf("the lists are %s", got)
	}
	if n, err := s.Prune(t.Context(), beginning().Started.Add(3*time.Hour)); n != 3 || err != nil {
		t.Errorf("%d runs were pruned, %v", n, err)
	}
	if got := fmt.Sprint(numbers(0)); got != "[5 4]" {
		t.Errorf("left are %s", got)
	}
	if _, err := s.Report(t.Context(), 5); !errors.Is(err, ErrNoReport) {
		t.Errorf("the report of a run without one gives %v", err)
	}
}

func TestOldReportsGo(t *testing.T) {
	s := openStore(t, t.TempDir())
	r := beginning()
	r.Report = []byte("x")
	for range maxReports + 3 {
		var err error
		if r.ID, err = s.add(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		if err := s.finish(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[int64]error{3: ErrNoReport, 4: nil} {
		if _, err := s.Report(t.Context(), id); !errors.Is(err, want) {
			t.Errorf("the report of run %d gives %v, want %v", id, err, want)
		}
	}
}

func TestManyProcessesAtOnce(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 8 { // each opens the database anew, as a process would
		group.Go(func() {
			entry := begin(dir, beginning(), time.Minute) // 8 processes on a slow disk
			if err := entry.End(beginning()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if runs, err := openStore(t, dir).List(t.Context(), 0); err != nil || len(runs) != 8 {
		t.Errorf("%d runs are remembered, %v", len(runs), err)
	}
}

// TestStateThatCannotBeUsed has every error come back to the caller, who goes
// on without history.
func TestStateThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("not a folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "runs.db"), []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := t.TempDir()
	if _, err := openStore(t, newer).db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), broken, newer} {
		entry := Begin(dir, beginning())
		if id := entry.ID(); id != 0 {
			t.Errorf("%s: the run has number %d", dir, id)
		}
		if err := entry.End(beginning()); err == nil {
			t.Errorf("%s: no error", dir)
		}
	}
	if _, err := Acquire(file, "a"); err == nil {
		t.Error("a lock is had in a file")
	}
	if _, err := Open(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("what is no database is opened with %v", err)
	}
	if _, err := Open(t.Context(), newer); err == nil || strings.Contains(err.Error(), "move it away") {
		t.Errorf("a database of a newer version is opened with %v", err)
	}
}

// A database that another process has locked holds no run up for long: the run
// is not remembered, or has no end, and the error says so.
func TestLockedDatabase(t *testing.T) {
	dir := t.TempDir()
	other := openStore(t, dir)
	late := Begin(dir, beginning())
	if late.ID() == 0 {
		t.Fatal(late.err)
	}
	locked, err := other.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	early := Begin(dir, beginning())
	for name, entry := range map[string]*Entry{"from the beginning": early, "at the end": late} {
		if err := entry.End(beginning()); err == nil || !strings.Contains(err.Error(), "locked") {
			t.Errorf("locked %s: %v", name, err)
		}
	}
	if err := locked.Rollback(); err != nil {
		t.Fatal(err)
	}
	if <-early.begun; early.store != nil {
		early.store.Close()
	}
}

// TestKilledRunIsSeen has runs without an end: the lock on a run's sign tells
// more than the number of its process, which may be another's by now.
func TestKilledRunIsSeen(t *testing.T) {
	gone := exec.Command(os.Args[0], "-test.run=^$")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		pid         int
		sign, taken bool
		want        string
	}{
		{"no sign, a process", os.Getpid(), false, false, Running},
		{"no sign, no process", gone.Process.Pid, false, false, Killed},
		{"a sign, a process with the number", os.Getpid(), true, false, Killed},
		{"a sign that is held up in another container", gone.Process.Pid, true, true, Running},
	} {
		dir := t.TempDir()
		s := openStore(t, dir)
		id, err := s.add(t.Context(), &Run{PID: c.pid})
		if err != nil {
			t.Fatal(err)
		}
		if c.sign {
			held := hangSign(dir, id)
			t.Cleanup(held.remove)
			if !c.taken {
				held.file.Close() // as the system does after a kill
			}
		}
		got, err := s.Get(t.Context(), id)
		if err != nil || got.Outcome != c.want {
			t.Errorf("%s: the run is %+v, %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestDir(t *testing.T) {
	for _, c := range []struct{ state, home, want string }{
		{"/var/state", "/root", "/var/state/bowline"},
		{"", "/root", "/root/.local/state/bowline"},
		{"relative", "/root", "/root/.local/state/bowline"},
		{"", "", ""},
	} {
		got, err := Dir(func(string) string { return c.state }, c.home)
		if filepath.ToSlash(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("XDG_STATE_HOME=%s HOME=%s gives %s, %v", c.state, c.home, got, err)
		}
	}
}

func TestFailuresAreBounded(t *testing.T) {
	var f Failures
	f.Event(b2sync.ActionDone{Action: b2sync.Action{Name: "fine"}})
	f.Event(b2sync.ActionDone{Action: b2sync.Action{Name: "a"}, Err: os.ErrPermission})
	for range MaxFailures + 5 {
		f.Event(b2sync.Problem{Name: "n", Path: "/src/n", Err: os.ErrNotExist})
	}
	if f.Count() != MaxFailures+6 || len(f.First()) != MaxFailures {
		t.Errorf("%d of %d failures are kept", len(f.First()), f.Count())
	}
	if want := (Failure{Name: "upload a", Cause: os.ErrPermission.Error()}); f.First()[0] != want {
		t.Errorf("the first is %+v", f.First()[0])
	}
}

// TestWarningsAreNoFailures has more warnings than are kept: what failed after
// them is kept all the same.
func TestWarningsAreNoFailures(t *testing.T) {
	var f Failures
	for range MaxFailures + 5 {
		f.Event(b2sync.Problem{Path: "/src/odd", Err: os.ErrNotExist, Warning: true})
	}
	f.Event(b2sync.Problem{Path: "/src/bad", Err: os.ErrNotExist})
	first := f.First()
	if f.Count() != 1 || len(first) != MaxFailures {
		t.Errorf("%d failed, %d are kept", f.Count(), len(first))
	}
	if first[0].Name != "/src/bad" || first[0].Warning || !first[1].Warning {
		t.Errorf("the first are %+v", first[:2])
	}
}

func TestLockNamesItsHolder(t *testing.T) {
	dir := t.TempDir()
	lock, err := Acquire(dir, "src", "b2://dst", "--exclude x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(dir, "src", "b2://dst", "--exclude x")
	held, ok := errors.AsType[*Held](err)
	if !ok || held.PID != os.Getpid() || time.Since(held.Since) > time.Hour {
		t.Errorf("a second run gets %v", err)
	}
	other, err := Acquire(dir, "src", "b2://dst", "--exclude y")
	if err != nil {
		t.Errorf("another sync gets %v", err)
	}
	other.Release()
	lock.Release()
	if again, err := Acquire(dir, "src", "b2://dst", "--exclude x"); err != nil {
		t.Errorf("after the end it gives %v", err)
	} else {
		again.Release()
	}
}

func TestLockNamesDiffer(t *testing.T) {
	if lockName([]string{"a", "bc"}) == lockName([]string{"ab", "c"}) {
		t.Error("two syncs share a lock")
	}
}

// TestLockIsFreeAfterAKill kills a process that holds it.
func TestLockIsFreeAfterAKill(t *testing.T) {
	const where = "HISTORY_TEST_LOCK"
	if dir := os.Getenv(where); dir != "" { // the process that is killed
		lock, err := Acquire(dir, "k")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("held")
		time.Sleep(time.Hour)
		lock.Release()
	}
	dir := t.TempDir()
	ctx, kill := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestLockIsFreeAfterAKill$")
	cmd.Env = append(os.Environ(), where+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanf(out, "held"); err != nil {
		t.Fatalf("the process said nothing: %v", err)
	}
	_, err = Acquire(dir, "k")
	if held, ok := errors.AsType[*Held](err); !ok || held.PID != cmd.Process.Pid {
		t.Errorf("while it lives: %v", err)
	}
	kill()
	cmd.Wait()
	lock, err := Acquire(dir, "k")
	if err != nil {
		t.Fatalf("after the kill: %v", err)
	}
	lock.Release()
}

// BenchmarkRun is what remembering a run costs.
func BenchmarkRun(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		if err := Begin(dir, beginning()).End(beginning()); err != nil {
			b.Fatal(err)
		}
	}
}
