//go:build unix

package proof

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// binary is the path of the program, built once for all tests with buildFlags.
var (
	binary     string
	buildFlags []string
)

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "6") // most of them wait most of the time; what the command line says counts
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "bowline-proof")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		_ = os.Chmod(dir, 0o755) // for children of another user
		binary = filepath.Join(dir, "b2")
		if out, err := exec.Command("go", slices.Concat([]string{"build", "-o", binary}, buildFlags, []string{"../cmd/b2"})...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building cmd/b2: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// A program is a run of the binary, yet to be started.
type program struct {
	args     []string
	env      []string // beside PATH and those of the lab
	dir      string   // where it runs
	terminal bool     // all streams are a terminal
	nobody   bool     // runs as a user without rights; the test must be root
	shell    string   // runs this before, such as "ulimit -n 64"
	limit    time.Duration
}

// A result is what a program came to.
type result struct {
	out, errs string // of a terminal, all is in out
	code      int    // -1 after a signal
	peak      int64  // bytes of memory that were resident at most
	took      time.Duration
}

// all is everything that was written.
func (r result) all() string { return r.out + r.errs }

// String is for failure messages.
func (r result) String() string {
	return fmt.Sprintf("exit %d after %v\n%.4000q\n%.4000q", r.code, r.took.Round(time.Millisecond), r.out, r.errs)
}

// command is the process of a program, and how to end its writing.
func (p *program) command(ctx context.Context, env []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, p.args...)
	if p.shell != "" {
		script := p.shell + ` && exec "$0" "$@"`
		cmd = exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", script, binary}, p.args...)...)
	}
	cmd.Env = append(append([]string{"PATH=" + os.Getenv("PATH")}, env...), p.env...)
	cmd.Dir = p.dir
	cmd.WaitDelay = 5 * time.Second
	if p.nobody {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// nobody is the id of the user without rights, and of its group.
const nobody = 65534

// run runs a program to its end. One that goes on longer than its limit fails
// the test: it hangs.
func (p program) run(t *testing.T, env []string) result {
	t.Helper()
	if p.limit == 0 {
		p.limit = time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), p.limit)
	defer cancel()
	cmd := p.command(ctx, env)
	var out, errs bytes.Buffer
	start := time.Now()
	drained := make(chan struct{})
	if p.terminal {
		tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 120})
		if err != nil {
			t.Fatal(err)
		}
		defer tty.Close()
		go func() {
			defer close(drained)
			_, _ = io.Copy(&out, tty) // ends with an error when the program does
		}()
	} else {
		close(drained)
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	<-drained
	if ctx.Err() != nil {
		t.Fatalf("b2 %q hangs: not ended after %v\n%s%s", p.args, p.limit, &out, &errs)
	}
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatalf("b2 %q: %v", p.args, err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode(), peak(), time.Since(start)}
}

// watchMemory looks at a process until it ends and tells its peak. What rusage
// says of a child begins with the memory of its parent, so it is of no use.
func watchMemory(pid int) (peak func() int64) {
	done, last := make(chan struct{}), make(chan int64)
	go func() {
		var most int64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, statusValue(pid, "VmHWM:")<<10)
			select {
			case <-tick.C:
			case <-done:
				last <- most
				return
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-last
	}
}

// statusValue is a number from the kernel's account of a process, 0 where
// there is none.
func statusValue(pid int, field string) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "\n"+field)
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(words[0], 10, 64)
	return n
}
