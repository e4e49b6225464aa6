//go:build unix

package proof

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
)

var (
	kills = flag.Int("kills", 2, "kills of each kind in the crash tests")
	seed  = flag.Uint64("seed", 0, "seed of what is random in the tests; 0 takes one by the clock")
)

// chance is a source of random numbers whose seed is in the log.
func chance(t *testing.T) *rand.Rand {
	n := *seed
	if n == 0 {
		n = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", n)
	return rand.New(rand.NewPCG(n, 1))
}

// A service is the program's own server, in a process that can be killed.
type service struct {
	t             *testing.T
	dir, addr     string
	options       []string // of b2 serve, beside the usual
	keyID, key    string
	mu            sync.Mutex
	cmd           *exec.Cmd
	log           *strings.Builder // what the process says on standard error
	starts, kills int
}

// newService starts a server on a folder, at a port that it keeps.
func newService(t *testing.T, dir string, options ...string) *service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, dir: dir, options: options, addr: listener.Addr().String(), keyID: "0123456789ab", key: "K000-secret-of-the-proof-server"}
	listener.Close()
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *service) url() string { return "http://" + s.addr }

// start starts the server and waits until it listens.
func (s *service) start() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	args := []string{"serve", "--listen", s.addr, "--data", s.dir, "--min-part-size", "1000", "--recommended-part-size", "65536",
		"--log", "--latency", "5ms"} // so that a run lasts long enough to be met
	s.cmd = exec.Command(binary, append(args, s.options...)...)
	s.cmd.Env = append(environment(s.dir+"-home", "", s.keyID, s.key), "PATH="+os.Getenv("PATH"))
	s.log = new(strings.Builder)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		_ = s.cmd.Wait()
		s.t.Fatalf("the server did not start: %s", s.log)
	}
	s.starts++
}

// kill ends the server as a loss of power of its process would.
func (s *service) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.kills++
	if said := s.log.String(); s.starts > 1 && !strings.Contains(said, `"the store is in order" lost=0 `) {
		s.t.Errorf("after %d kills the server did not find its store in order:\n%s", s.kills-1, said)
	}
}

// client is a client of the server.
func (s *service) client() *b2.Client {
	return b2.New(b2.Config{Endpoint: s.url(), KeyID: s.keyID, Key: b2.Secret(s.key), RetryFor: 20 * time.Second})
}

// crashLab is a lab whose server is a process.
type crashLab struct {
	*lab
	service *service
}

func newCrashLab(t *testing.T, options ...string) *crashLab {
	t.Helper()
	l := &lab{t: t, dir: sharedDir(t)}
	s := newService(t, l.path("data"), options...)
	l.client = s.client()
	b, err := l.client.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: bucketName, BucketType: "allPrivate"})
	if err != nil {
		t.Fatal(err)
	}
	l.bucket = b2.BucketRef{ID: b.BucketID, Name: b.BucketName}
	l.env = environment(l.path("home"), s.url(), s.keyID, s.key)
	return &crashLab{l, s}
}

// crowd makes a tree of many small files, with a large one among them.
func (l *lab) crowd(folder string, random *rand.Rand, n int) map[string]string {
	l.t.Helper()
	want := map[string]string{}
	for i := range n {
		name := fmt.Sprintf("folder-%d/file-%04d", i%11, i)
		want[name] = strings.Repeat(fmt.Sprintf("%s %x ", name, random.Uint64()), 1+random.IntN(60))
	}
	want["large"] = strings.Repeat(fmt.Sprintf("large %x ", random.Uint64()), 20_000)
	for name, content := range want {
		l.write(folder+"/"+name, content)
	}
	return want
}

// start starts the program in the background.
func (l *lab) start(args ...string) *exec.Cmd {
	l.t.Helper()
	p := program{args: args, dir: l.dir}
	cmd := p.command(context.Background(), l.env)
	cmd.Stdout, cmd.Stderr = nil, nil
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	return cmd
}

// TestKillTheServer kills the server again and again while the program works:
// it goes on by itself (P10), the trees are equal in the end, and nothing that
// was answered is lost.
func TestKillTheServer(t *testing.T) {
	t.Parallel()
	for _, direction := range []string{"up", "down", "copy"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			random := chance(t)
			l := newCrashLab(t)
			want := l.crowd("src", random, 60+15*(*kills))
			from, to := l.path("src"), l.at("up/")
			if direction != "up" {
				if r := l.run("sync", from, to); r.code != 0 {
					t.Fatal(r)
				}
				from, to = l.at("up/"), map[string]string{"down": l.path("dst"), "copy": l.at("copy/")}[direction]
			}
			done := make(chan result)
			p := program{args: []string{"sync", "--threads", "4", "--retry-for", "10m", from, to}, dir: l.dir,
				limit: time.Minute + time.Duration(*kills)*4*time.Second}
			go func() { done <- p.run(t, l.env) }()
			var r result
			for running, n := true, 0; running; n++ {
				pause := time.Duration(5+random.IntN(150)) * time.Millisecond
				if n >= *kills {
					pause = time.Hour
				}
				select {
				case r = <-done:
					running = false
				case <-time.After(pause):
					l.service.kill()
					l.service.start()
				}
			}
			if r.code != 0 {
				t.Errorf("after %d kills: %v", l.service.kills, r)
			}
			got := map[string]func() map[string]string{
				"up": func() map[string]string { return l.objects("up/") }, "down": func() map[string]string { return l.tree("dst") },
				"copy": func() map[string]string { return l.objects("copy/") },
			}[direction]()
			sameTree(t, "the destination", got, want)
			l.service.check()
			t.Logf("%d kills of the server in %v", l.service.kills-1, r.took.Round(time.Millisecond))
		})
	}
}

// check kills the server, starts it again, and reads every version that it has,
// by its hash. That the server's own check at each start finds nothing lost is
// seen by kill.
func (s *service) check() {
	s.t.Helper()
	s.kill()
	s.start()
	client := s.client()
	ref, err := client.BucketByName(s.t.Context(), bucketName)
	if err != nil {
		s.t.Fatal(err)
	}
	for f, err := range client.ListVersions(s.t.Context(), ref.ID, b2.ListOptions{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		if f.Action != b2.ActionUpload {
			continue
		}
		to := &target{make([]byte, f.Size)}
		if _, err := client.Download(s.t.Context(), b2.DownloadRequest{File: &f, To: to}); err != nil {
			s.t.Errorf("the version %s of %s cannot be read: %v", f.ID, f.Name, err)
		}
	}
}

// TestKillTheProgram kills the program again and again: no half file is seen,
// each run goes on where the last one was, and the last one ends with equal
// trees and nothing left behind.
func TestKillTheProgram(t *testing.T) {
	t.Parallel()
	for _, direction := range []string{"up", "down", "copy"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			random := chance(t)
			l := newLab(t)
			want := l.crowd("src", random, 400)
			from, to := l.path("src"), l.at("up/")
			see := func() map[string]string { return l.objects("up/") }
			if direction != "up" {
				if r := l.run("sync", from, to); r.code != 0 {
					t.Fatal(r)
				}
				from, to, see = l.at("up/"), l.path("dst"), func() map[string]string { return visible(l.tree("dst")) }
			}
			if direction == "copy" {
				to, see = l.at("copy/"), func() map[string]string { return l.objects("copy/") }
			}
			if direction == "down" {
				l.write("dst/large", "old")
			}
			had := map[string]string{}
			for n := range *kills {
				cmd := l.start("sync", "--threads", "4", from, to)
				time.Sleep(time.Duration(10+random.IntN(60)) * time.Millisecond) // the moment of the kill, not a wait for something
				_ = cmd.Process.Signal(syscall.SIGKILL)
				_ = cmd.Wait()
				got := see()
				for name, content := range got {
					if content != want[name] && !(name == "large" && content == "old") {
						t.Fatalf("kill %d: %s is half there: %d bytes", n, name, len(content))
					}
				}
				for name := range had {
					if _, ok := got[name]; !ok {
						t.Fatalf("kill %d: %s is lost", n, name)
					}
				}
				if had = got; len(had) == len(want) {
					l.empty(direction) // something to do again
					had = map[string]string{}
				}
			}
			r := l.run("sync", "--delete", from, to)
			if r.code != 0 {
				t.Error(r)
			}
			sameTree(t, "the destination", see(), want)
			if direction == "down" {
				sameTree(t, "the destination, with what is hidden", l.tree("dst"), want)
			}
			t.Logf("%d kills of the program", *kills)
		})
	}
}

// nothingUnfinished wants no unfinished large file with parts. One without may be
// left by a kill between the start of a file and the answer, which is how a run
// learns that the file is its own.
func (l *lab) nothingUnfinished() {
	l.t.Helper()
	for f, err := range l.client.ListUnfinished(l.t.Context(), l.bucket.ID, "") {
		if err != nil {
			l.t.Fatal(err)
		}
		for _, err := range l.client.ListParts(l.t.Context(), f.ID) {
			l.t.Errorf("%s stays unfinished with parts, %v", f.Name, err)
			break
		}
	}
}

// empty empties the destination, so that the kills that follow meet work.
func (l *lab) empty(direction string) {
	l.t.Helper()
	if direction == "down" {
		if err := os.RemoveAll(l.path("dst")); err != nil {
			l.t.Fatal(err)
		}
		return
	}
	prefix := map[string]string{"up": "up/", "copy": "copy/"}[direction]
	for f, err := range l.client.ListVersions(l.t.Context(), l.bucket.ID, b2.ListOptions{Prefix: prefix}) {
		if err != nil {
			l.t.Fatal(err)
		}
		if err := l.client.DeleteVersion(l.t.Context(), f.Name, f.ID, false); err != nil {
			l.t.Fatal(err)
		}
	}
}

// visible is a tree without the program's own unfinished files.
func visible(tree map[string]string) map[string]string {
	shown := maps.Clone(tree)
	maps.DeleteFunc(shown, func(name, _ string) bool {
		base := filepath.Base(name)
		return strings.HasPrefix(base, ".b2sync-") && slices.Contains([]string{".part", ".journal"}, filepath.Ext(base))
	})
	return shown
}
