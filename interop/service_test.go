package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// asService runs a client that knows no server but the service against ours
// (testdata/as_service.sh). It needs root, for a name and a port of its own.
func asService(t *testing.T, client string, args ...string) {
	t.Helper()
	for _, program := range []string{"unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	if os.Geteuid() != 0 || exec.Command("unshare", "--mount", "--net", "true").Run() != nil {
		t.Skip("needs to make namespaces")
	}
	args = append([]string{"--mount", "--net", "testdata/as_service.sh", binary, t.TempDir(), client}, args...)
	t.Logf("%s", tool(t, nil, "unshare", args...))
}

// drive runs the script of a program that must be installed.
func drive(t *testing.T, program, script string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(program + " is not installed")
	}
	asService(t, testFile(t, script))
}

func testFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRestic(t *testing.T)    { drive(t, "restic", "restic.sh") }
func TestDuplicity(t *testing.T) { drive(t, "duplicity", "duplicity.sh") }
func TestOldB2(t *testing.T)     { drive(t, "backblaze-b2", "old_b2.sh") }

// TestKopia drives the program that interop/run builds.
func TestKopia(t *testing.T) {
	program := prepared(t, "kopia")
	asService(t, testFile(t, "kopia.sh"), program)
}

// TestBlazerSuites runs the tests that Backblaze tries its Go library with on
// the service, but for one that fails anywhere now and then: the library reads
// a buffer that it has freed, when it is stopped within a part.
func TestBlazerSuites(t *testing.T) {
	for _, suite := range []string{"base", "b2"} {
		t.Run(suite, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), suite+".test")
			tool(t, nil, "go", "test", "-c", "-o", program, "github.com/Backblaze/blazer/"+suite)
			asService(t, program, "-test.v", "-test.skip", "^TestResumeWriter$")
		})
	}
}

// TestKothar drives the library that kopia talks to the service with.
func TestKothar(t *testing.T) {
	program := filepath.Join(t.TempDir(), "kothar")
	tool(t, nil, "go", "build", "-o", program, "./kothar")
	asService(t, program)
}

// TestNode drives the client for Node.js, which interop/run installs.
func TestNode(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	t.Setenv("NODE_PATH", filepath.Dir(prepared(t, "node_modules/backblaze-b2")))
	asService(t, "node", testFile(t, "backblaze_b2.js"))
}

// prepared answers the path of something that interop/run keeps from run to
// run.
func prepared(t *testing.T, name string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "bowline-interop", name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(name + " is not there: interop/run installs it")
	}
	return path
}
