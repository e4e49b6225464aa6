//go:build unix

package b2server

import (
	"os"
	"os/exec"
	"testing"
)

// The test binary is also the processes that tests need beside themselves:
// childEnv says which one it shall be.
const childEnv = "B2SERVER_TEST_CHILD"

// children are what a process can be. Each is given its folder and ends with
// its process.
var children = map[string]func(dir string){
	"crash":     uploadUntilKilled,
	"bare":      func(string) { serveBare() },
	"memory":    func(string) { serveUploads(NewMemStore(), nil) },
	"disk":      func(dir string) { serveUploads(OpenDiskStore(dir, DiskOptions{NoSync: true})) },
	"disk-sync": func(dir string) { serveUploads(OpenDiskStore(dir, DiskOptions{})) },
}

func TestMain(m *testing.M) {
	if be := children[os.Getenv(childEnv)]; be != nil {
		be(os.Args[1])
		return
	}
	os.Exit(m.Run())
}

// child is a process that is yet to be started.
func child(kind, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), childEnv+"="+kind)
	return cmd
}
