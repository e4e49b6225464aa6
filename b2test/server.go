package b2test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
)

// Server is a B2 server for one test.
type Server struct {
	*b2server.Server
	URL   string // base URL to authorise at, without a trailing slash
	KeyID string // the master key
	Key   string

	transport http.RoundTripper
	stop      func()
	clock     *clock
	faults    *script

	mu    sync.Mutex
	calls map[string]int
}

// Option changes what NewServer makes.
type Option func(*options)

type options struct {
	pipe   bool
	dir    string
	disk   b2server.DiskOptions
	config func(*b2server.Config)
}

// WithPipe joins clients to the server in memory, so that the test can run in
// a testing/synctest bubble. Use the server's Client or Transport.
func WithPipe() Option { return func(o *options) { o.pipe = true } }

// WithDisk keeps objects in the folder dir, without fsync.
func WithDisk(dir string) Option {
	return func(o *options) { o.dir, o.disk = dir, b2server.DiskOptions{NoSync: true} }
}

// WithConfig lets fn change the server's configuration before it starts.
func WithConfig(fn func(*b2server.Config)) Option {
	return func(o *options) { o.config = fn }
}

// NewServer starts a server on a loopback socket, over a store in memory
// unless an option says otherwise. It ends with the test, which fails if a
// scripted fault did not fire.
func NewServer(t testing.TB, opts ...Option) *Server {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	s := &Server{clock: &clock{}, calls: map[string]int{}}
	s.faults = &script{server: s, stale: map[string]bool{}}
	cfg := b2server.Config{
		Store: openStore(t, o), Clock: s.clock.Now, MaintainEvery: -1, PlainWebhooks: true,
		KeyID: "0123456789ab", Key: "K000-secret-of-the-test-server",
	}
	if o.config != nil {
		o.config(&cfg)
	}
	srv, err := b2server.New(cfg)
	if err != nil {
		t.Fatalf("b2test: %v", err)
	}
	s.Server = srv
	s.KeyID, s.Key = srv.MasterKey()
	s.stop = sync.OnceFunc(s.listen(o.pipe))
	t.Cleanup(func() {
		s.Stop()
		if err := srv.Close(); err != nil {
			t.Errorf("b2test: closing the server: %v", err)
		}
		for _, left := range s.faults.unfired() {
			t.Errorf("b2test: scripted fault never fired: %s", left)
		}
	})
	return s
}

func openStore(t testing.TB, o options) b2server.Store {
	t.Helper()
	if o.dir == "" {
		return b2server.NewMemStore()
	}
	store, err := b2server.OpenDiskStore(o.dir, o.disk)
	if err != nil {
		t.Fatalf("b2test: %v", err)
	}
	return store
}

// listen serves on a socket or a pipe, and answers how to stop.
func (s *Server) listen(pipe bool) (stop func()) {
	handler := http.HandlerFunc(s.serve)
	if pipe {
		transport, stop := b2server.Pipe(handler)
		s.URL, s.transport = "http://b2.test", transport
		return stop
	}
	web := httptest.NewUnstartedServer(handler)
	web.Config = b2server.NewHTTPServer(handler)
	web.Start()
	transport := b2.NewTransport()
	s.URL, s.transport = web.URL, transport
	return func() {
		transport.CloseIdleConnections()
		web.CloseClientConnections()
		web.Close()
	}
}

// serve counts the call, lets a scripted fault have its way, or serves.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	call := b2server.CallName(r)
	s.mu.Lock()
	s.calls[call]++
	s.mu.Unlock()
	if fault := s.faults.next(call, r); fault != nil {
		fault(w, r, s.Server)
		return
	}
	s.Server.ServeHTTP(w, r)
}

// Stop ends all connections and waits for the requests. It happens at the end
// of the test anyway; the server's state can still be looked at.
func (s *Server) Stop() { s.stop() }

// Client makes a client of the server that has the master key. Change a copy
// of ClientConfig for another.
func (s *Server) Client(t testing.TB) *b2.Client {
	t.Helper()
	return b2.New(s.ClientConfig())
}

// ClientConfig is what Client is made of.
func (s *Server) ClientConfig() b2.Config {
	return b2.Config{Endpoint: s.URL, KeyID: s.KeyID, Key: b2.Secret(s.Key), Transport: s.transport}
}

// Transport carries requests to the server, whatever host they name.
func (s *Server) Transport() http.RoundTripper { return s.transport }

// Calls answers how often each call was made since the start or ResetCalls, by
// name, such as b2_upload_file. Faulted calls count.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// ResetCalls sets all counts to zero.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
}

// Advance moves the server's clock forward by d, and runs the lifecycle rules
// if that begins a new UTC day.
func (s *Server) Advance(t testing.TB, d time.Duration) { s.SetNow(t, s.clock.Now().Add(d)) }

// SetNow sets the server's clock, which goes on from there, and runs the
// lifecycle rules if that is another UTC day.
func (s *Server) SetNow(t testing.TB, now time.Time) {
	t.Helper()
	s.clock.set(now)
	if err := s.Maintain(t.Context()); err != nil {
		t.Errorf("b2test: lifecycle rules: %v", err)
	}
}

// Now is the server's time.
func (s *Server) Now() time.Time { return s.clock.Now() }

// clock is the real time (or that of a synctest bubble) plus an offset.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = time.Until(now)
}
