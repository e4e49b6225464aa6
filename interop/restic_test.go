package interop

import (
	"os"
	"os/exec"
	"testing"
)

// TestRestic drives restic as Debian packages it: it backs up, prunes, checks
// and restores. It needs root, for a name and a port of its own.
func TestRestic(t *testing.T) {
	for _, program := range []string{"restic", "unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	if os.Geteuid() != 0 || exec.Command("unshare", "--mount", "--net", "true").Run() != nil {
		t.Skip("needs to make namespaces")
	}
	t.Logf("%s", tool(t, nil, "unshare", "--mount", "--net", "testdata/restic.sh", binary, t.TempDir()))
}
