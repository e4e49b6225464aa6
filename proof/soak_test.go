//go:build linux

package proof

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
)

var soakTime = flag.Duration("soak", 2*time.Second, "how long TestSoak goes on")

// A flaky transport breaks requests at random: before they are sent, after
// they were carried out, or in the middle of the answer.
type flaky struct {
	http.RoundTripper
	share  float64
	faults atomic.Int64

	mu     sync.Mutex
	random *rand.Rand
}

var errFlaky = errors.New("the connection broke, as scripted")

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	strike, kind := f.random.Float64() < f.share, f.random.IntN(3)
	f.mu.Unlock()
	if strike {
		f.faults.Add(1)
		if kind == 0 {
			if r.Body != nil {
				r.Body.Close()
			}
			return nil, errFlaky
		}
	}
	resp, err := f.RoundTripper.RoundTrip(r)
	switch {
	case err != nil || !strike:
	case kind == 1:
		resp.Body.Close()
		return nil, errFlaky
	default:
		resp.Body = &broken{resp.Body, resp.ContentLength / 2}
	}
	return resp, err
}

// broken is a body that ends in an error half way.
type broken struct {
	io.ReadCloser
	left int64
}

func (b *broken) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errFlaky
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// usage is what a process holds.
type usage struct {
	goroutines, descriptors int
	heap, server            int64 // bytes
}

func (u usage) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %.1f MB on the heap, %d MB in the server",
		u.goroutines, u.descriptors, float64(u.heap)/1e6, u.server>>20)
}

// A soak is a folder that is edited, a bucket, a copy of it, and a folder that
// all comes back to.
type soak struct {
	*crashLab
	random    *rand.Rand
	transport *http.Transport
	flaky     *flaky
	files     map[string]string
	edits     int
	failed    int64 // names that a run reported, and the next one did
}

// TestSoak syncs up, across and down again and again, with edits between and
// faults all the time. In the end the trees are equal, and nothing has piled
// up.
func TestSoak(t *testing.T) {
	s := &soak{crashLab: newCrashLab(t), random: chance(t), transport: b2.NewTransport(), files: map[string]string{}}
	s.flaky = &flaky{RoundTripper: s.transport, share: 0.01, random: rand.New(rand.NewPCG(s.random.Uint64(), 2))}
	for i := range 120 {
		s.write(fmt.Sprintf("folder-%d/%d", i%9, i))
	}
	var first usage
	rounds, end := 0, time.Now().Add(*soakTime)
	for ; rounds < 2 || time.Now().Before(end); rounds++ {
		s.round(rounds)
		if t.Failed() {
			t.Fatalf("in round %d", rounds)
		}
		if rounds == 1 {
			first = s.usage()
		}
	}
	last := s.usage()
	t.Logf("%d rounds of 3 syncs, %d edits, %d faults, %d names that failed and were done in the next run", rounds, s.edits, s.flaky.faults.Load(), s.failed)
	t.Logf("first %v\nlast  %v", first, last)
	if last.goroutines > first.goroutines+5 || last.descriptors > first.descriptors+5 || last.heap > first.heap+8<<20 {
		t.Error("something piles up")
	}
}

// round edits, then syncs until a run reports nothing.
func (s *soak) round(n int) {
	for range 1 + s.random.IntN(20) {
		s.edit()
	}
	client := b2.New(b2.Config{Endpoint: s.service.url(), KeyID: s.service.keyID, Key: b2.Secret(s.service.key), Transport: s.flaky, RetryFor: time.Minute})
	src, dst := b2sync.Folder(s.path("src")), b2sync.Folder(s.path("dst"))
	up, across := b2sync.Bucket(client, s.bucket, "up/"), b2sync.Bucket(client, s.bucket, "across/")
	for _, sides := range [][2]b2sync.Location{{src, up}, {up, across}, {across, dst}} {
		s.sync(sides[0], sides[1])
	}
	sameTree(s.t, "what came back", s.tree("dst"), s.files)
	if left, err := os.ReadDir(s.path("spool")); err != nil || len(left) > 0 {
		s.t.Errorf("left in the spool: %v, %v", left, err)
	}
}

// sync runs until all is done. A run under faults may report names; the next
// one does them.
func (s *soak) sync(src, dst b2sync.Location) {
	for range 5 {
		_ = os.MkdirAll(s.path("spool"), 0o777)
		run, err := b2sync.New(src, dst, b2sync.Options{Extraneous: b2sync.ExtraneousDeleted, SpoolDir: s.path("spool")})
		if err != nil {
			s.t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
		sum := run.Run(ctx)
		cancel()
		if sum.OK() {
			return
		}
		s.failed += sum.Failed
	}
	s.t.Errorf("five runs from %v to %v were not enough", src, dst)
}

// edit changes the source: a file more, a file less, another content, another
// name.
func (s *soak) edit() {
	s.edits++
	names := slices.Sorted(maps.Keys(s.files))
	name := names[s.random.IntN(len(names))]
	switch s.random.IntN(5) {
	case 0:
		s.write(fmt.Sprintf("folder-%d/new-%d", s.random.IntN(12), s.edits))
	case 1:
		if len(names) > 100 {
			s.remove(name)
		}
	case 2:
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
	if s.random.IntN(50) == 0 {
		words = 20_000
	}
	content := strings.Repeat(fmt.Sprintf("%x ", s.random.Uint32()), words)
	path := s.path("src/" + name)
	must(os.MkdirAll(filepath.Dir(path), 0o777))
	must(os.WriteFile(path, []byte(content), 0o666))
	s.edits++
	must(os.Chtimes(path, moment(s.edits), moment(s.edits)))
	s.files[name] = content
}

func (s *soak) remove(name string) {
	must(os.Remove(s.path("src/" + name)))
	delete(s.files, name)
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
	open, _ := os.ReadDir("/proc/self/fd")
	return usage{runtime.NumGoroutine(), len(open), int64(mem.HeapAlloc), statusValue(s.service.cmd.Process.Pid, "VmRSS:") << 10}
}
