package interop

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// rclone builds the program of the folder beside this one, once.
var rclone = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(binary), "rclone")
	out, err := exec.Command("go", "build", "-o", path, "./rclone").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building rclone: %w\n%s", err, out)
	}
	return path, nil
})

// rcloneConfig is an rclone configuration with the server as the remote
// "TestB2".
func rcloneConfig(t *testing.T, s server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rclone.conf")
	text := fmt.Sprintf("[TestB2]\ntype = b2\naccount = %s\nkey = %s\nendpoint = %s\n", s.keyID, s.key, s.url)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRcloneBackendSuite runs rclone's own tests of its B2 backend.
func TestRcloneBackendSuite(t *testing.T) {
	s := serve(t)
	// -v goes before the package's own arguments: go test would swallow what
	// passing tests print.
	cmd := exec.Command("go", "test", "-v", "-count=1", "-timeout=20m", "github.com/rclone/rclone/backend/b2",
		"-args", "-remote", "TestB2:")
	cmd.Env = append(os.Environ(), "RCLONE_CONFIG="+rcloneConfig(t, s))
	out, err := cmd.CombinedOutput()
	passed := strings.Count(string(out), "--- PASS")
	t.Logf("rclone's suite: %d passed, %d skipped, %d failed",
		passed, strings.Count(string(out), "--- SKIP"), strings.Count(string(out), "--- FAIL"))
	if err != nil {
		t.Errorf("rclone's suite: %v\n%s", err, tail(string(out), 200))
	}
	if passed < suiteTests {
		t.Errorf("rclone's suite passed %d tests, fewer than the %d that can run: was the remote not found?\n%s",
			passed, suiteTests, tail(string(out), 50))
	}
}

// suiteTests is how many of rclone's tests, with their subtests, pass at the
// least.
const suiteTests = 190

// tail is the last n lines of s.
func tail(s string, n int) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func TestRcloneCommands(t *testing.T) {
	program, err := rclone()
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t)
	config := rcloneConfig(t, s)
	rc := func(args ...string) string {
		t.Helper()
		return tool(t, []string{"RCLONE_CONFIG=" + config}, program, args...)
	}
	src, back := t.TempDir(), t.TempDir()
	write(t, src, "a.txt", []byte("hello"))
	write(t, src, "d/ü b+c.txt", []byte("names"))
	write(t, src, "large", bytes.Repeat([]byte("0123456789abcdef"), 1_000_000)) // 16 MB in parts of 5 MB
	large := []string{"--b2-chunk-size", "5M", "--b2-upload-cutoff", "6M", "--b2-copy-cutoff", "6M"}

	rc("mkdir", "TestB2:interop-rclone")
	rc(append([]string{"sync", src, "TestB2:interop-rclone/tree"}, large...)...)
	rc("check", src, "TestB2:interop-rclone/tree")
	rc(append([]string{"copyto", "TestB2:interop-rclone/tree/large", "TestB2:interop-rclone/copy/large"}, large...)...)
	rc("sync", "TestB2:interop-rclone/tree", back)
	rc("check", src, back)

	write(t, src, "a.txt", []byte("hello again"))
	rc("sync", src, "TestB2:interop-rclone/tree")
	if out := rc("lsf", "--b2-versions", "TestB2:interop-rclone/tree"); strings.Count(out, "a-v") != 1 {
		t.Errorf("--b2-versions does not show the older a.txt:\n%s", out)
	}
	if out := rc("lsf", "-R", "--b2-version-at", "2001-01-01", "TestB2:interop-rclone/tree"); strings.TrimSpace(out) != "" {
		t.Errorf("--b2-version-at shows files before there were any:\n%s", out)
	}
	rc("cleanup", "TestB2:interop-rclone")
	if out := rc("lsf", "--b2-versions", "TestB2:interop-rclone/tree"); strings.Contains(out, "a-v") {
		t.Errorf("cleanup left older versions:\n%s", out)
	}
	link := strings.TrimSpace(rc("link", "--expire", "1h", "TestB2:interop-rclone/tree/a.txt"))
	if got := fetch(t, link); got != "hello again" {
		t.Errorf("%s gave %q", link, got)
	}
}
