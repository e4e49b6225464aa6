//go:build unix

package proof

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
)

// foreign starts a server that is not ours, the simulator inside Backblaze's
// own SDK for Python, and gives its address and a key. Without the SDK the test
// is skipped.
func foreign(t *testing.T) (addr, keyID, key string) {
	t.Helper()
	const python = "/usr/bin/python3" // the system's, which Debian's package of b2sdk belongs to
	if err := exec.Command(python, "-c", "import b2sdk").Run(); err != nil {
		t.Skip("python3-b2sdk is not installed")
	}
	cmd := exec.Command(python, "../interop/testdata/simulator.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // which ends it
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	var said [3]string
	for i := range said {
		if !lines.Scan() {
			t.Fatal("the simulator did not say where it is")
		}
		said[i] = lines.Text()
	}
	return strings.TrimPrefix(said[0], "http://"), said[1], said[2]
}

// TestForeignServer syncs up, across and down with a server that is not ours,
// over a cable that breaks, while the program is killed: whatever we have
// misunderstood of the API would be in our own server, too, and not be seen
// there.
func TestForeignServer(t *testing.T) {
	t.Parallel()
	random := chance(t)
	addr, keyID, key := foreign(t)
	c := newCable(t, addr, random, 300_000)
	l := &lab{t: t, dir: sharedDir(t), client: b2.New(b2.Config{Endpoint: "http://" + addr, KeyID: keyID, Key: b2.Secret(key)})}
	b, err := l.client.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: bucketName, BucketType: "allPrivate"})
	if err != nil {
		t.Fatal(err)
	}
	l.bucket = b2.BucketRef{ID: b.BucketID, Name: b.BucketName}
	l.env = environment(l.path("home"), c.url(), keyID, key)
	want := l.crowd("src", random, 12+4*(*kills))
	for _, hop := range []struct {
		from, to string
		see      func() map[string]string
	}{
		{l.path("src"), l.at("up/"), func() map[string]string { return l.objects("up/") }},
		{l.at("up/"), l.at("across/"), func() map[string]string { return l.objects("across/") }},
		{l.at("across/"), l.path("dst"), func() map[string]string { return visible(l.tree("dst")) }},
	} {
		must(os.MkdirAll(l.path("dst"), 0o777))
		for n := range *kills {
			cmd := l.start("sync", "--threads", "4", hop.from, hop.to)
			time.Sleep(time.Duration(20+random.IntN(300)) * time.Millisecond) // the moment of the kill, not a wait for something
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
			for name, content := range hop.see() {
				if content != want[name] {
					t.Fatalf("kill %d: %s is half there: %d bytes", n, name, len(content))
				}
			}
		}
		if r := l.run("sync", "--delete", "--threads", "4", hop.from, hop.to); r.code != 0 {
			t.Fatal(r)
		}
		sameTree(t, hop.to, hop.see(), want)
		if r := l.run("sync", "--delete", hop.from, hop.to); r.code != 0 || strings.Contains(r.out, "load") || strings.Contains(r.out, "copy") {
			t.Errorf("a second run transferred: %v", r)
		}
	}
	l.nothingUnfinished()
	t.Logf("%d kills of the program and %d breaks of connections", 3**kills, c.breaks.Load())
}
