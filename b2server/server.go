package b2server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
	"github.com/prometheus/client_golang/prometheus"
)

// Config says what a server is and how it behaves. Only Store is required.
type Config struct {
	Store Store

	// KeyID and Key are the master key. When empty they are made, and kept
	// in the store for the next start.
	KeyID, Key string

	// Clock tells the time of day; nil is time.Now. Tests set it forward to
	// make tokens expire and lifecycle rules run.
	Clock func() time.Time

	// URL is the base of all addresses in answers, without a trailing slash.
	// "" makes them from the Host header of each request.
	URL string

	MinPartSize         int64         // smallest part but the last; 0 = 5,000,000 bytes
	RecommendedPartSize int64         // what authorising recommends; 0 = 100,000,000 bytes
	TokenLife           time.Duration // of account and upload tokens; 0 = 24 h
	BodyTimeout         time.Duration // a body or a reader that moves nothing for so long is cut off; 0 = 1 min

	// StrictNames refuses file names that the documentation forbids but the
	// service has been seen to take: backslashes, empty or over-long path
	// segments, "." and "..".
	StrictNames bool

	Caps Caps // daily caps; zero is no cap

	Latency   func(call string) time.Duration // waited before each call; nil = none
	Bandwidth int64                           // bytes per second of all content together; 0 = no limit
	FaultRate float64                         // share of calls, 0 to 1, that answer 503 at random
	FaultSeed uint64                          // makes the random faults repeatable

	Log       *slog.Logger         // what the server itself has to say; nil = nothing
	AccessLog *slog.Logger         // one record a request; nil = none
	Metrics   *prometheus.Registry // served at /metrics; nil = one of its own

	// Webhooks carries event notifications; nil = http.DefaultTransport.
	// PlainWebhooks lets rules name http addresses, as tests must.
	Webhooks      http.RoundTripper
	PlainWebhooks bool

	// MaintainEvery is how often lifecycle rules are looked at, in real
	// time; 0 = every minute, negative = only when Maintain is called. They
	// run once a UTC day of Clock.
	MaintainEvery time.Duration
}

// Caps are what an account may use a UTC day; a value of 0 or less is no cap.
type Caps struct {
	ClassB, ClassC int64 // calls
	Download       int64 // bytes
	Storage        int64 // bytes held at one time, all versions and parts
}

// Server answers the B2 Native API. It is safe for concurrent use.
type Server struct {
	cfg   Config
	store Store
	close func() error
}

// New makes a server over cfg.Store and loads what it needs from it. The
// server owns the store from then on.
func New(cfg Config) (*Server, error) {
	if cfg.Store == nil {
		return nil, errors.New("b2server: Config.Store is required: NewMemStore() or OpenDiskStore(dir)")
	}
	s := &Server{cfg: cfg, store: cfg.Store}
	s.close = sync.OnceValue(s.store.Close)
	return s, nil
}

// MasterKey answers the id and the secret of the key that may do everything.
func (s *Server) MasterKey() (id, secret string) { return s.cfg.KeyID, s.cfg.Key }

// Close stops the background work and closes the store. Requests must have
// ended before (http.Server.Shutdown).
func (s *Server) Close() error { return s.close() }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.Error(w, wire.CodeNotFound, http.StatusNotFound)
}

// NewHTTPServer makes an http.Server for h with the limits that a server on a
// network needs: headers of 64 KiB in 30 s, idle connections for 5 minutes.
// Bodies have their own limits in Config.
func NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

// CallName answers the name of the call that a request makes, such as
// b2_upload_file, or "" for a request that is none.
func CallName(r *http.Request) string { return "" }

// Maintain runs the lifecycle rules if a UTC day of the clock has begun since
// they last ran.
func (s *Server) Maintain(ctx context.Context) error { return nil }
