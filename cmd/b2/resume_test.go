package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
)

// The tests of this file kill the program at random moments and look at what a
// next run makes of it (P9).

var (
	kills    = flag.Int("kills", 6, "how often TestP9Killed... kill the program, each")
	killSeed = flag.Uint64("kill-seed", 0, "the moments of TestP9Killed...; 0 for others each time")
)

// A bay is a server that outlives the programs which use it, and counts what
// passes.
type bay struct {
	t      *testing.T
	url    string
	server *b2server.Server
	client *b2.Client
	bucket b2.BucketRef
	dir    string
	random *rand.Rand

	up, down, calls atomic.Int64 // bytes of parts, bytes of downloads, requests

	mu    sync.Mutex
	alarm func() // called once due says so
	due   func() bool

	stall chan struct{} // if not nil, parts come to a halt until it is closed
}

const bayPart = 100_000 // bytes of a part

func newBay(t *testing.T, bandwidth int64) *bay {
	t.Helper()
	b := &bay{t: t, dir: t.TempDir()}
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-kill-seed %d", seed)
	b.random = rand.New(rand.NewPCG(seed, 0))
	var err error
	b.server, err = b2server.New(b2server.Config{Store: b2server.NewMemStore(), KeyID: "0123456789ab", Key: "K000secret",
		MinPartSize: 1000, RecommendedPartSize: bayPart, MaintainEvery: -1, Bandwidth: bandwidth})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(b)
	web.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			c.(*net.TCPConn).SetWriteBuffer(128 << 10) // less is on the way when somebody is killed
		}
	}
	web.Start()
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		b.server.Close()
	})
	b.url = web.URL
	b.client = b2.New(b2.Config{Endpoint: b.url, KeyID: "0123456789ab", Key: "K000secret"})
	made, err := b.client.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: "the-bucket", BucketType: b2.AllPrivate})
	if err != nil {
		t.Fatal(err)
	}
	b.bucket = b2.BucketRef{ID: made.BucketID, Name: made.BucketName}
	return b
}

// ServeHTTP serves and counts.
func (b *bay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.calls.Add(1)
	switch b2server.CallName(r) {
	case "b2_upload_part":
		r.Body = &passing{r.Body, b}
	case "b2_download_file_by_id":
		w = &leaving{w, b}
	}
	b.look()
	b.server.ServeHTTP(w, r)
}

type passing struct {
	io.ReadCloser
	b *bay
}

func (p *passing) Read(buf []byte) (int, error) {
	n, err := p.ReadCloser.Read(buf)
	p.b.up.Add(int64(n))
	p.b.look()
	if p.b.stall != nil {
		<-p.b.stall
	}
	return n, err
}

type leaving struct {
	http.ResponseWriter
	b *bay
}

func (l *leaving) Write(buf []byte) (int, error) {
	n, err := l.ResponseWriter.Write(buf)
	l.b.down.Add(int64(n))
	l.b.look()
	return n, err
}

// look sets off the alarm when it is due.
func (b *bay) look() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.alarm != nil && b.due() {
		b.alarm()
		b.alarm = nil
	}
}

// when calls alarm once due says so.
func (b *bay) when(due func() bool, alarm func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alarm, b.due = alarm, due
}

// command is the program, with the bay's account and a state of its own.
func (b *bay) command(args ...string) *exec.Cmd {
	cmd := exec.Command("b2", args...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(b.dir, "home"), "XDG_CONFIG_HOME=", "XDG_STATE_HOME=",
		"B2_ENVIRONMENT="+b.url, "B2_APPLICATION_KEY_ID=0123456789ab", "B2_APPLICATION_KEY=K000secret")
	return cmd
}

// clean runs the program to its end.
func (b *bay) clean(args ...string) {
	b.t.Helper()
	b.when(nil, nil)
	if out, err := b.command(args...).CombinedOutput(); err != nil {
		b.t.Fatalf("b2 %q: %v\n%s", args, err, out)
	}
}

// killed runs the program and kills it when due says so; false if it was
// faster.
func (b *bay) killed(due func() bool, args ...string) bool {
	b.t.Helper()
	cmd := b.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	now := make(chan struct{})
	b.when(due, func() { close(now) })
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			b.t.Fatalf("b2 %q: %v\n%s", args, err, &out)
		}
		return false
	case <-now:
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		b.t.Fatal(err)
	}
	exit, isExit := errors.AsType[*exec.ExitError](<-ended)
	return isExit && exit.Sys().(syscall.WaitStatus).Signaled()
}

// after is due once so many more of what is counted have passed.
func after(counter *atomic.Int64, n int64) func() bool {
	until := counter.Load() + n
	return func() bool { return counter.Load() >= until }
}

// soon is due at a random moment, so that all kills together come to about two
// thirds of size.
func (b *bay) soon(counter *atomic.Int64, size int64) func() bool {
	most := size / int64(*kills)
	return after(counter, most/3+b.random.Int64N(most*2/3))
}

func (b *bay) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

// file makes a local file of random content.
func (b *bay) file(name string, size int) {
	b.t.Helper()
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(b.random.Uint32())
	}
	path := b.path(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, content, 0o666)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bay) unfinished() (n int) {
	b.t.Helper()
	for _, err := range b.client.ListUnfinished(b.t.Context(), b.bucket.ID, "") {
		if err != nil {
			b.t.Fatal(err)
		}
		n++
	}
	return n
}

// content is what the bucket has under a name.
func (b *bay) content(name string) []byte {
	b.t.Helper()
	o, err := b.client.Open(b.t.Context(), b2.OpenRequest{Bucket: b.bucket.Name, Name: name})
	if err != nil {
		b.t.Fatal(err)
	}
	defer o.Close()
	content, err := io.ReadAll(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return content
}

func (b *bay) same(name string, content []byte) {
	b.t.Helper()
	if local, err := os.ReadFile(b.path(name)); err != nil || !bytes.Equal(local, content) {
		b.t.Errorf("%s is not what it should be: %v", name, err)
	}
}

func TestP9KilledUploads(t *testing.T) {
	const size, threads = 200 * bayPart, 4
	b := newBay(t, 60_000_000)
	b.file("src/big", size)
	sync := []string{"sync", "--threads", fmt.Sprint(threads), b.path("src"), "b2://the-bucket"}
	killed := int64(0)
	for range *kills {
		due := b.soon(&b.up, size)
		if b.random.IntN(4) == 0 {
			due = after(&b.calls, b.random.Int64N(10))
		}
		if b.killed(due, sync...) {
			killed++
		}
	}
	b.clean(sync...)
	const hashes = 200 * 40
	if most := size + hashes + killed*threads*(bayPart+40); b.up.Load() > most {
		t.Errorf("%d kills: %d bytes were sent, more than %d", killed, b.up.Load(), most)
	}
	t.Logf("%d kills, %d bytes sent of %d", killed, b.up.Load(), size)
	b.same("src/big", b.content("big"))
	if n := b.unfinished(); n > 0 || killed == 0 {
		t.Errorf("%d kills, %d unfinished files are left", killed, n)
	}
}

func TestP9KilledDownloads(t *testing.T) {
	const size = 40_000_000
	// What may be lost at a kill: what waits for a line of the journal, and what
	// is in the buffers of the sockets.
	const inFlight = 1<<20 + 2<<20
	b := newBay(t, 100_000_000)
	b.file("there/big", size)
	b.clean("sync", b.path("there"), "b2://the-bucket")
	if err := os.MkdirAll(b.path("back"), 0o777); err != nil {
		t.Fatal(err)
	}
	sync := []string{"sync", "b2://the-bucket", b.path("back")}
	killed := int64(0)
	for range *kills {
		if !b.killed(b.soon(&b.down, size), sync...) {
			break // faster than the kill
		}
		killed++
	}
	b.clean(sync...)
	if most := size + killed*inFlight; b.down.Load() > most {
		t.Errorf("%d kills: %d bytes were sent, more than %d", killed, b.down.Load(), most)
	}
	t.Logf("%d kills, %d bytes sent of %d", killed, b.down.Load(), size)
	b.same("there/big", b.content("big"))
	b.same("back/big", b.content("big"))
	if entries, _ := os.ReadDir(b.path("back")); len(entries) != 1 || killed == 0 {
		t.Errorf("%d kills, left: %v", killed, entries)
	}
}

// TestP9KilledManySmallFiles brings many files up and back, killed all the
// while. What is seen under a name is always whole.
func TestP9KilledManySmallFiles(t *testing.T) {
	const files = 250
	b := newBay(t, 0)
	name := func(i int) string { return fmt.Sprintf("%d/%d/f%d", i%7, i%3, i) }
	for i := range files {
		b.file("src/"+name(i), b.random.IntN(20_000))
		if _, err := b.client.Upload(t.Context(), b2.UploadRequest{BucketID: b.bucket.ID, Name: name(i), Content: strings.NewReader("old"), Size: 3, ModTime: new(int64(1))}); err != nil {
			t.Fatal(err)
		}
	}
	up := []string{"sync", "--keep-days", "1", b.path("src"), "b2://the-bucket"}
	killed := 0
	for range *kills {
		if b.killed(after(&b.calls, 3+b.random.Int64N(2*files/int64(*kills)+1)), up...) {
			killed++
		}
	}
	b.clean(up...)
	versions := map[string]int{}
	for f, err := range b.client.ListVersions(t.Context(), b.bucket.ID, b2.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if versions[f.Name]++; versions[f.Name] == 1 {
			b.same("src/"+f.Name, b.content(f.Name))
		}
	}
	for i := range files {
		if versions[name(i)] < 2 {
			t.Errorf("%s: %d versions, the old one is lost", name(i), versions[name(i)])
		}
	}

	if err := os.MkdirAll(b.path("back"), 0o777); err != nil {
		t.Fatal(err)
	}
	down := []string{"sync", "b2://the-bucket", b.path("back")}
	for range *kills {
		if b.killed(after(&b.calls, 3+b.random.Int64N(2*files/int64(*kills)+1)), down...) {
			killed++
		}
		b.sameTree(false)
	}
	b.clean(down...)
	b.sameTree(true)
	t.Logf("%d kills", killed)
	if killed == 0 {
		t.Error("the program was never killed")
	}
}

// sameTree holds all files that are back against the source; those all, and
// nothing else, if whole is set.
func (b *bay) sameTree(whole bool) {
	b.t.Helper()
	tree := func(folder string, visit func(name string)) (n int) {
		root := b.path(folder)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if strings.HasPrefix(d.Name(), ".b2sync-") && !whole {
				return nil
			}
			rel, _ := filepath.Rel(root, path)
			visit(filepath.ToSlash(rel))
			n++
			return nil
		})
		if err != nil {
			b.t.Fatal(err)
		}
		return n
	}
	there := tree("src", func(string) {})
	back := tree("back", func(name string) {
		content, err := os.ReadFile(b.path("back/" + name))
		if err != nil {
			b.t.Fatal(err)
		}
		b.same("src/"+name, content)
	})
	if whole && there != back {
		b.t.Errorf("%d files there, %d back", there, back)
	}
}

// TestSignals ends a run that would never end by itself.
func TestSignals(t *testing.T) {
	for signal, status := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			b := newBay(t, 0)
			b.stall = make(chan struct{})
			t.Cleanup(func() { close(b.stall) })
			b.file("src/big", 20*bayPart)
			cmd := b.command("sync", b.path("src"), "b2://the-bucket")
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			began := make(chan struct{})
			b.when(after(&b.up, 1), func() { close(began) })
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-began
			cmd.Process.Signal(signal)
			cmd.Process.Signal(signal) // as timeout(1) does
			wantStatus(t, cmd, status, endWait)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, "stopped by ") {
				t.Errorf("no verdict: %q, %q", out.String(), errs.String())
			}
			if b.unfinished() != 1 {
				t.Error("there is nothing to go on with")
			}
		})
	}
}

// TestNohup has the terminal of a run go whose starter has said not to mind.
func TestNohup(t *testing.T) {
	b := newBay(t, 0)
	b.stall = make(chan struct{})
	b.file("src/big", 20*bayPart)
	cmd := b.command("sync", b.path("src"), "b2://the-bucket")
	cmd.Args = append([]string{"sh", "-c", `trap "" HUP; exec "$@"`, "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	began := make(chan struct{})
	b.when(after(&b.up, 1), func() { close(began) })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-began
	cmd.Process.Signal(syscall.SIGHUP)
	close(b.stall)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// wantStatus waits for the program, at most so long.
func wantStatus(t *testing.T, cmd *exec.Cmd, status int, most time.Duration) {
	t.Helper()
	late := time.AfterFunc(most, func() { cmd.Process.Kill() })
	defer late.Stop()
	exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
	if !ok || exit.ExitCode() != status {
		t.Errorf("%v, not status %d within %v", exit, status, most)
	}
}

// TestSecondSignal has a run that cannot end, for nobody reads what it prints:
// a second signal ends it at once, and patience does too.
func TestSecondSignal(t *testing.T) {
	for _, signals := range []int{1, 2} {
		t.Run(fmt.Sprint(signals), func(t *testing.T) {
			t.Parallel()
			b := newBay(t, 0)
			const files = 400
			for i := range files {
				b.file("src/"+strings.Repeat("long", 50)+fmt.Sprint(i), 0) // 80 kB of output, more than a pipe holds
			}
			cmd := b.command("sync", b.path("src"), "b2://the-bucket")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReaderSize(out, 16).ReadByte(); err != nil { // it has begun to print
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			for last := int64(-1); last != b.calls.Load(); { // until it is stuck
				last = b.calls.Load()
				select {
				case <-ctx.Done():
					t.Fatal("it does not get stuck")
				case <-time.After(300 * time.Millisecond):
				}
			}
			patience := endWait + 3*time.Second
			for i := range signals {
				if i > 0 {
					patience = endWait - time.Second
					time.Sleep(sameWish + 100*time.Millisecond) // two signals at once are one wish
				}
				cmd.Process.Signal(os.Interrupt)
			}
			wantStatus(t, cmd, 130, patience)
		})
	}
}
