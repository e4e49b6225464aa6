package interop

import (
	"io"
	"os"
	"os/exec"
	"testing"
)

// python is the system's, which Debian's package of b2sdk belongs to.
const python = "/usr/bin/python3"

// needB2SDK skips the test where b2sdk is not installed.
func needB2SDK(t *testing.T) {
	t.Helper()
	if err := exec.Command(python, "-c", "import b2sdk").Run(); err != nil {
		t.Skip("python3-b2sdk is not installed")
	}
}

// startPython runs a script of ours for as long as the test lasts, and talks
// to it. The end of its input tells it to end.
func startPython(t *testing.T, args ...string) (in io.Writer, out io.Reader) {
	t.Helper()
	cmd := exec.Command(python, args...)
	cmd.Env = append(os.Environ(), "PYTHONUTF8=1")
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	return stdin, stdout
}

// TestB2SDK drives Backblaze's Python SDK, as Debian packages it, by the script
// beside this file: Synchronizer both ways, large files, keys, SSE-C,
// retention, and our account file in its older form.
func TestB2SDK(t *testing.T) {
	needB2SDK(t)
	s := serve(t)
	t.Logf("%s", tool(t, nil, python, "testdata/b2sdk_check.py", s.url, s.keyID, s.key, t.TempDir()))
}
