package interop

import (
	"os/exec"
	"testing"
)

// TestB2SDK drives Backblaze's Python SDK, as Debian packages it, by the script
// beside this file: Synchronizer both ways, large files, keys, SSE-C,
// retention, and our account file in its older form.
func TestB2SDK(t *testing.T) {
	const python = "/usr/bin/python3" // the system's, which Debian's package belongs to
	if err := exec.Command(python, "-c", "import b2sdk").Run(); err != nil {
		t.Skip("python3-b2sdk is not installed")
	}
	s := serve(t)
	t.Logf("%s", tool(t, nil, python, "testdata/b2sdk_check.py", s.url, s.keyID, s.key, t.TempDir()))
}
