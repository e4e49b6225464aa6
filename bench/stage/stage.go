// Package stage runs the server of a benchmark in a process of its own, and
// lets the harness set its latency, empty it and read its counts.
//
// The server is either the project's own over memory, or the synthetic one
// that only lists. Requests below /bench/ are the harness's.
package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/bench/synth"
)

// The kinds of server.
const (
	Real      = "real"
	Synthetic = "synthetic"
)

// The master key of every server.
const (
	KeyID = "0123456789ab"
	Key   = "K000benchmarks-need-no-secret"
)

// Setup is what the harness asks of a server before a run.
type Setup struct {
	Latency   time.Duration // waited before each call
	Bandwidth int64         // of all content together, bytes per second; 0 = no limit
	Refuse    int           // uploads and downloads at once above which the answer is 503; 0 = never
	Keep      bool          // what is stored stays; else the server begins empty
}

// Stats is what a server did since the last Setup.
type Stats struct {
	Calls  map[string]int64 // by name
	Listed int64            // entries of listings
	Billed map[string]int64 // transactions by class; a listing counts one for each started 1,000 entries
	CPU    time.Duration    // user and system time since the start of the process
}

// Serve runs a server of that kind on a loopback port, and prints its base URL
// as one line on standard output. It ends when standard input does, so that it
// never outlives the harness.
func Serve(kind string) error {
	s := &stage{kind: kind}
	if err := s.setUp(Setup{}); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	server := b2server.NewHTTPServer(s)
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		_ = server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type stage struct {
	kind    string
	latency atomic.Int64
	refuse  atomic.Int64
	busy    atomic.Int64 // uploads and downloads under way
	counts  counts

	mu     sync.RWMutex
	server http.Handler
	close  func() error
}

// ServeHTTP hands requests to the harness's side or to the server.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if what, ok := strings.CutPrefix(r.URL.Path, "/bench/"); ok {
		s.control(w, r, what)
		return
	}
	s.mu.RLock()
	server := s.server
	s.mu.RUnlock()
	call := callName(r)
	s.counts.call(call)
	if strings.HasPrefix(call, "b2_list_file_") {
		page := &listWriter{ResponseWriter: w}
		server.ServeHTTP(page, r)
		s.counts.page(page.entries)
		return
	}
	if carriesContent(call) {
		defer s.busy.Add(-1)
		if busy := s.busy.Add(1); s.refuse.Load() > 0 && busy > s.refuse.Load() {
			refuse(w, r)
			return
		}
	}
	server.ServeHTTP(w, r)
}

// callName is the name of the call, the last but for the server's own part of
// an upload address.
func callName(r *http.Request) string {
	if name := b2server.CallName(r); name != "" {
		return name
	}
	parts := strings.Split(r.URL.Path, "/")
	return parts[len(parts)-1]
}

func carriesContent(call string) bool {
	return strings.HasPrefix(call, "b2_upload_") || strings.HasPrefix(call, "b2_download_")
}

// refuse answers as a busy service does, at once and with the connection kept.
func refuse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprint(w, `{"status":503,"code":"service_unavailable","message":"too busy"}`)
}

func (s *stage) control(w http.ResponseWriter, r *http.Request, what string) {
	var err error
	switch what {
	case "setup":
		var set Setup
		if err = json.NewDecoder(r.Body).Decode(&set); err == nil {
			err = s.setUp(set)
		}
	case "stats":
		stats := s.counts.read()
		stats.CPU = cpuTime()
		err = json.NewEncoder(w).Encode(stats)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// setUp begins a run: counts at zero and, unless told to keep it, a new server.
func (s *stage) setUp(set Setup) error {
	s.latency.Store(int64(set.Latency))
	s.refuse.Store(int64(set.Refuse))
	s.counts.reset()
	if set.Keep && s.server != nil {
		return nil
	}
	server, stop, err := s.make(set)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.close != nil {
		err = s.close()
	}
	s.server, s.close = server, stop
	debug.FreeOSMemory()
	return err
}

func (s *stage) make(set Setup) (http.Handler, func() error, error) {
	wait := func(string) time.Duration { return time.Duration(s.latency.Load()) }
	switch s.kind {
	case Synthetic:
		return &synth.Server{Latency: wait}, func() error { return nil }, nil
	case Real:
		server, err := b2server.New(b2server.Config{
			Store: newPhantomStore(), KeyID: KeyID, Key: Key,
			Latency: wait, Bandwidth: set.Bandwidth, MaintainEvery: -1,
			Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		})
		if err != nil {
			return nil, nil, err
		}
		return server, server.Close, nil
	}
	return nil, nil, fmt.Errorf("no server is called %q: real or synthetic", s.kind)
}

func cpuTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
