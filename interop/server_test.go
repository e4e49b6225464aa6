package interop

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "b2")
	build := exec.Command("go", "build", "-o", binary, "./cmd/b2")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building b2: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// server is a `b2 serve` of its own for one test.
type server struct{ url, keyID, key string }

// serve starts the server on an empty folder and reads where it is from what
// it prints for a shell.
func serve(t *testing.T, args ...string) server {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--no-sync"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "B2_APPLICATION_KEY_ID=", "B2_APPLICATION_KEY=")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	var s server
	fields := map[string]*string{
		"B2_ENVIRONMENT": &s.url, "B2_APPLICATION_KEY_ID": &s.keyID, "B2_APPLICATION_KEY": &s.key,
	}
	lines := bufio.NewScanner(out)
	for s.key == "" && lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if field, ok := fields[name]; ok {
			*field = strings.Trim(value, "'")
		}
	}
	if s.url == "" || s.keyID == "" || s.key == "" {
		t.Fatalf("the server did not say where it is: %+v", s)
	}
	return s
}

// tool runs a program and returns what it printed; any failure ends the test.
func tool(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// write makes a file below dir.
func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}
