//go:build linux

package proof

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/history"
)

var (
	soakTime = flag.Duration("soak", 2*time.Second, "how long TestSoak goes on")
	soakRest = flag.Duration("rest", 0, "pause of TestSoak after each round, so that a long one leaves the machine to others")
)

// A soak is a folder that is edited, a bucket, a copy of it, and a folder that
// all comes back to. Most rounds run in this process, where a leak adds up and
// is seen; some run the program over a cable that breaks, and kill it.
type soak struct {
	*crashLab
	random    *rand.Rand
	transport *http.Transport
	flaky     *flaky
	cable     *cable
	program   []string          // its environment, over the cable
	files     map[string]string // SHA-1 of each file, by name

	edits, tampered, programs, kills int
	failed                           int64 // names that a run reported, and the next one did
	peak                             int64 // memory that the program took at most, bytes
}

// TestSoak syncs up, across and down again and again, with edits of the source
// and of all three destinations between, and faults all the time. After each
// round all four are equal and nothing is left over; in the end nothing has
// piled up.
func TestSoak(t *testing.T) {
	s := newSoak(t)
	var first usage
	began, said := time.Now(), 0
	rounds := 0
	for ; rounds < 2 || time.Since(began) < *soakTime; rounds++ {
		s.round(rounds)
		if t.Failed() {
			t.Fatalf("in round %d", rounds)
		}
		if rounds == 1 {
			first = s.usage()
			t.Logf("after %d rounds: %v", rounds+1, first)
		}
		if quarter := int(4 * time.Since(began) / *soakTime); quarter > said && quarter < 4 {
			said = quarter
			t.Logf("after %d rounds: %v", rounds+1, s.usage())
		}
		time.Sleep(*soakRest)
	}
	s.settle()
	last := s.usage()
	t.Logf("after %d rounds: %v", rounds, last)
	t.Logf("%d rounds of 3 syncs (%d of them by the program, killed %d times, with %.0f MB of memory at most), %d edits of the source, %d of the destinations, %d faults of requests, %d connections broken, %d names that failed and were done in the next run",
		rounds, s.programs, s.kills, float64(s.peak)/1e6, s.edits, s.tampered, s.flaky.faults.Load(), s.cable.breaks.Load(), s.failed)
	if last.goroutines > first.goroutines+5 || last.descriptors > first.descriptors+5 || last.heap > first.heap+8<<20 ||
		last.serverDescriptors > first.serverDescriptors+20 || last.server > 2*first.server+64<<20 {
		t.Error("something piles up")
	}
}

func newSoak(t *testing.T) *soak {
	s := &soak{crashLab: newCrashLab(t), random: chance(t), transport: b2.NewTransport(), files: map[string]string{}}
	s.flaky = &flaky{RoundTripper: s.transport, share: 0.02, random: rand.New(rand.NewPCG(s.random.Uint64(), 2))}
	s.cable = newCable(t, s.service.addr, s.random, 600_000)
	s.program = environment(s.path("home"), s.cable.url(), s.service.keyID, s.service.key)
	must(os.MkdirAll(s.path("spool"), 0o777))
	for i := range 60 {
		s.write(fmt.Sprintf("folder-%d/%d", i%9, i))
	}
	return s
}

// round edits, then syncs until a run reports nothing, then looks at all.
func (s *soak) round(n int) {
	for range 1 + s.random.IntN(20) {
		s.edit()
	}
	if n%25 == 3 {
		s.writeContent("huge", strings.Repeat(fmt.Sprintf("%08x", s.random.Uint32()), 17_000_000/8)) // a download that is resumed
	}
	if n > 0 {
		s.tamper()
	}
	hops := [][2]string{{s.path("src"), s.at("up/")}, {s.at("up/"), s.at("across/")}, {s.at("across/"), s.path("dst")}}
	for i, hop := range hops {
		if (n+i)%4 == 2 {
			s.runProgram(hop[0], hop[1])
		} else {
			s.sync(i)
		}
	}
	s.look()
}

// sync runs in this process until all is done. A run under faults may report
// names; the next one does them.
func (s *soak) sync(hop int) {
	client := b2.New(b2.Config{Endpoint: s.service.url(), KeyID: s.service.keyID, Key: b2.Secret(s.service.key), Transport: s.flaky, RetryFor: time.Minute})
	sides := []b2sync.Location{b2sync.Folder(s.path("src")), b2sync.Bucket(client, s.bucket, "up/"), b2sync.Bucket(client, s.bucket, "across/"), b2sync.Folder(s.path("dst"))}
	for range 5 {
		record := history.OpenUploads(s.path("state"))
		run, err := b2sync.New(sides[hop], sides[hop+1], b2sync.Options{Extraneous: b2sync.ExtraneousDeleted, SpoolDir: s.path("spool"), Uploads: record})
		if err != nil {
			s.t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
		sum := run.Run(ctx)
		cancel()
		if err := record.Close(); err != nil {
			s.t.Error(err)
		}
		if sum.OK() {
			return
		}
		s.failed += sum.Failed
	}
	s.t.Errorf("five runs from %v to %v were not enough", sides[hop], sides[hop+1])
}

// runProgram runs the program over the cable, is quick to kill it the first
// time, and then lets it come to its end.
func (s *soak) runProgram(from, to string) {
	p := program{args: []string{"sync", "--delete", "--threads", "4", from, to}, env: []string{"TMPDIR=" + s.path("spool")}, dir: s.dir, limit: 5 * time.Minute}
	if s.random.IntN(2) == 0 {
		cmd := p.command(s.t.Context(), s.program)
		must(cmd.Start())
		time.Sleep(time.Duration(10+s.random.IntN(150)) * time.Millisecond) // the moment of the kill, not a wait for something
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		s.kills++
	}
	var r result
	for range 5 {
		r = p.run(s.t, s.program)
		s.programs++
		s.peak = max(s.peak, r.peak)
		switch r.code {
		case 0:
			return
		case 1: // a name failed
			s.failed++
		default:
			s.t.Fatalf("the program ended unexpectedly: %v", r)
		}
	}
	s.t.Errorf("five runs of the program were not enough: %v", r)
}

// look holds all four places against what they should be.
func (s *soak) look() {
	sameTree(s.t, "the bucket", s.hashes("up/"), s.files)
	sameTree(s.t, "the copy", s.hashes("across/"), s.files)
	came := map[string]string{}
	for name, content := range s.tree("dst") {
		came[name] = sha1Of(content)
	}
	sameTree(s.t, "what came back", came, s.files)
	for _, place := range []string{"spool", "state/uploads", "home/.local/state/bowline/uploads"} {
		if left, err := os.ReadDir(s.path(place)); len(left) > 0 {
			s.t.Errorf("left in %s: %v, %v", place, left, err)
		}
	}
	s.nothingUnfinished()
}

// hashes are the SHA-1 of the visible objects below a prefix.
func (s *soak) hashes(prefix string) map[string]string {
	files := map[string]string{}
	for f, err := range s.client.ListNames(s.t.Context(), s.bucket.ID, b2.ListOptions{Prefix: prefix}) {
		if err != nil {
			s.t.Fatal(err)
		}
		files[strings.TrimPrefix(f.Name, prefix)] = f.ContentSHA1()
	}
	return files
}

// settle syncs once more without faults. What is left then of each name is one
// version: uploads whose answers were lost have made no more of them for good.
func (s *soak) settle() {
	s.flaky.share = 0
	for hop := range 3 {
		s.sync(hop)
	}
	s.look()
	versions := 0
	for _, err := range s.client.ListVersions(s.t.Context(), s.bucket.ID, b2.ListOptions{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		versions++
	}
	if want := 2 * len(s.files); versions != want {
		s.t.Errorf("%d versions in the bucket, want %d", versions, want)
	}
}

// edit changes the source: a file more, a file less, another content, another
// name.
func (s *soak) edit() {
	names := slices.Sorted(maps.Keys(s.files))
	name := names[s.random.IntN(len(names))]
	switch s.random.IntN(5) {
	case 0:
		s.write(fmt.Sprintf("folder-%d/new-%d", s.random.IntN(12), s.edits))
	case 1:
		if len(names) > 50 {
			must(os.Remove(s.path("src/" + name)))
			delete(s.files, name)
			s.edits++
		}
	case 2:
		s.edits++
		to := fmt.Sprintf("moved/%d", s.edits)
		must(os.MkdirAll(s.path("src/moved"), 0o777))
		must(os.Rename(s.path("src/"+name), s.path("src/"+to)))
		s.files[to] = s.files[name]
		delete(s.files, name)
	default:
		s.write(name)
	}
}

// write gives a file a new content, small or large, and a later time.
func (s *soak) write(name string) {
	words := 1 + s.random.IntN(40)
	if s.random.IntN(25) == 0 {
		words = 20_000
	}
	s.writeContent(name, strings.Repeat(fmt.Sprintf("%x ", s.random.Uint32()), words))
}

func (s *soak) writeContent(name, content string) {
	path := s.path("src/" + name)
	must(os.MkdirAll(filepath.Dir(path), 0o777))
	must(os.WriteFile(path, []byte(content), 0o666))
	s.edits++
	must(os.Chtimes(path, moment(s.edits), moment(s.edits)))
	s.files[name] = sha1Of(content)
}

// tamper changes the destinations behind the back of the program: it has to
// bring each of them back to its source.
func (s *soak) tamper() {
	names := slices.Sorted(maps.Keys(s.files))
	for range s.random.IntN(4) {
		s.tampered++
		name := names[s.random.IntN(len(names))]
		switch s.random.IntN(3) {
		case 0:
			s.spoil("dst/"+name, "spoiled")
		case 1:
			_ = os.Remove(s.path("dst/" + name)) // it may not be there yet
		default:
			s.spoil(fmt.Sprintf("dst/extra/%d", s.tampered), "too many")
		}
	}
	for _, prefix := range []string{"up/", "across/"} {
		for range s.random.IntN(3) {
			s.tampered++
			name := names[s.random.IntN(len(names))]
			switch s.random.IntN(3) {
			case 0:
				_, _ = s.client.Hide(s.t.Context(), s.bucket.ID, prefix+name) // it may not be there yet
			case 1:
				s.store(prefix+name, "spoiled")
			default:
				s.store(fmt.Sprintf("%sextra/%d", prefix, s.tampered), "too many")
			}
		}
	}
}

// spoil makes a local file that is older than all of the source.
func (s *soak) spoil(name, content string) {
	path := s.path(name)
	must(os.MkdirAll(filepath.Dir(path), 0o777))
	must(os.WriteFile(path, []byte(content), 0o666))
	must(os.Chtimes(path, moment(0), moment(0)))
}

// store makes an object that is older than all of the source.
func (s *soak) store(name, content string) {
	_, err := s.client.Upload(s.t.Context(), b2.UploadRequest{BucketID: s.bucket.ID, Name: name, Content: strings.NewReader(content),
		Size: int64(len(content)), ModTime: new(moment(0).UnixMilli())})
	must(err)
}

// usage is what a process holds, and its server.
type usage struct {
	goroutines, descriptors, serverDescriptors int
	heap, server                               int64 // bytes
}

func (u usage) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %.1f MB on the heap; in the server %d descriptors, %d MB",
		u.goroutines, u.descriptors, float64(u.heap)/1e6, u.serverDescriptors, u.server/1e6)
}

// usage looks at what is held when nothing is going on.
func (s *soak) usage() usage {
	s.transport.CloseIdleConnections()
	for range 3 {
		runtime.GC()
		time.Sleep(50 * time.Millisecond) // connections that were closed end their goroutines
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	pid := s.service.cmd.Process.Pid
	return usage{runtime.NumGoroutine(), descriptors("self"), descriptors(fmt.Sprint(pid)), int64(mem.HeapAlloc), statusValue(pid, "VmRSS:") << 10}
}

// descriptors is how many a process has open.
func descriptors(process string) int {
	open, _ := os.ReadDir("/proc/" + process + "/fd")
	return len(open)
}
