package b2server

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
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
	BodyTimeout         time.Duration // for every 64 KiB of a body or an answer to move; 0 = 1 min

	// StrictNames refuses file names that the documentation forbids but the
	// service has been seen to take: backslashes, empty or over-long path
	// segments, "." and "..".
	StrictNames bool

	// DefaultEncryption is that of new buckets, and what a bucket's encryption
	// is reset to; "" is EncryptionB2, as the API documentation has it.
	DefaultEncryption string

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

// The values of Config.DefaultEncryption.
const (
	EncryptionB2   = wire.SSEB2 // files are encrypted unless they ask for more
	EncryptionNone = "none"     // files that ask for no encryption get none, as on the service of before 2026
)

// Caps are what an account may use a UTC day; a value of 0 or less is no cap.
type Caps struct {
	ClassB, ClassC int64 // calls
	Download       int64 // bytes
	Storage        int64 // bytes held at one time, all versions and parts
}

// Server answers the B2 Native API. It is safe for concurrent use.
type Server struct {
	cfg      Config
	store    Store
	inMemory bool
	log      *slog.Logger
	metrics  *metrics
	date     dateCache

	account string
	master  *key
	tokens  *signer
	sseKey  cipher.AEAD // wraps the data keys of SSE-B2

	buckets   buckets
	keys      keyCache
	busy      busyTokens
	usage     usage
	bandwidth throttle
	notifier  *notifier
	dice      dice

	expiredTokens, failedUploads atomic.Int64 // turns of the test modes

	maintenance sync.Mutex
	maintained  int64 // UTC day on which the lifecycle rules ran

	stop       context.CancelFunc
	background sync.WaitGroup
	close      func() error
}

// New makes a server over cfg.Store and loads what it needs from it. The
// server owns the store from then on, also when New fails.
func New(cfg Config) (*Server, error) {
	if cfg.Store == nil {
		return nil, errors.New("b2server: Config.Store is required: NewMemStore() or OpenDiskStore(dir)")
	}
	if (cfg.KeyID == "") != (cfg.Key == "") {
		return nil, errors.Join(errors.New("b2server: Config.KeyID and Config.Key go together: give both or neither"), cfg.Store.Close())
	}
	switch cfg.DefaultEncryption {
	case "", EncryptionB2, EncryptionNone:
	default:
		return nil, errors.Join(fmt.Errorf("b2server: Config.DefaultEncryption %q: must be %s or %s", cfg.DefaultEncryption, EncryptionB2, EncryptionNone), cfg.Store.Close())
	}
	s := &Server{store: cfg.Store}
	if err := s.begin(cfg.withDefaults()); err != nil {
		return nil, errors.Join(fmt.Errorf("b2server: %w", err), cfg.Store.Close())
	}
	return s, nil
}

func (cfg Config) withDefaults() Config {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.MinPartSize == 0 {
		cfg.MinPartSize = wire.MinPartSize
	}
	if cfg.RecommendedPartSize == 0 {
		cfg.RecommendedPartSize = wire.RecommendedPartSize
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = 24 * time.Hour
	}
	if cfg.BodyTimeout == 0 {
		cfg.BodyTimeout = time.Minute
	}
	if cfg.MaintainEvery == 0 {
		cfg.MaintainEvery = time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// begin loads the state of the account and starts the background work.
func (s *Server) begin(cfg Config) (err error) {
	s.cfg, s.log = cfg, cfg.Log
	_, s.inMemory = s.store.(interface{ InMemory() })
	s.buckets.ids, s.buckets.names = map[string]*bucket{}, map[string]*bucket{}
	s.keys.keys = map[string]*key{}
	s.busy.set = map[string]struct{}{}
	s.bandwidth.perSecond = cfg.Bandwidth
	s.dice = dice{rate: cfg.FaultRate, rand: mathrand.New(mathrand.NewPCG(cfg.FaultSeed, cfg.FaultSeed))}
	if s.metrics, err = newMetrics(cfg.Metrics); err != nil {
		return err
	}
	if err := s.loadAccount(); err != nil {
		return err
	}
	if err := s.loadBuckets(); err != nil {
		return err
	}
	if err := s.loadMaintained(); err != nil {
		return err
	}
	if cfg.Caps.Storage > 0 {
		if err := s.measure(); err != nil {
			return err
		}
	}
	s.notifier = newNotifier(s.account, cfg.Webhooks, s.log)
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	if cfg.MaintainEvery > 0 {
		s.background.Go(func() { s.maintainAlways(ctx) })
	}
	s.close = sync.OnceValue(s.end)
	return nil
}

// account is what the store remembers of the account between starts.
type account struct {
	ID          string
	KeyID, Key  string // the master key, when it was made here
	TokenSecret []byte
	SSEKey      []byte // wraps the data keys of SSE-B2
}

var accountKey = []byte("account")

// loadAccount reads the account, or makes one at the first start.
func (s *Server) loadAccount() error {
	var a account
	err := s.store.View(func(tx Tx) error {
		if raw := tx.Get(tableMeta, accountKey); raw != nil {
			return json.Unmarshal(raw, &a)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the account: %w", err)
	}
	if a.ID == "" {
		if a, err = s.newAccount(); err != nil {
			return err
		}
	}
	s.account = a.ID
	s.tokens = newSigner(a.TokenSecret)
	if s.sseKey, err = newGCM(a.SSEKey); err != nil {
		return err
	}
	if s.cfg.KeyID == "" {
		s.cfg.KeyID, s.cfg.Key = a.KeyID, a.Key
	}
	digest := sha256.Sum256([]byte(s.cfg.Key))
	s.master = &key{ID: s.cfg.KeyID, Name: "Master", Digest: digest[:], Capabilities: everyCapability, Master: true}
	return nil
}

func (s *Server) newAccount() (account, error) {
	random := make([]byte, 6+23+32+32)
	_, _ = rand.Read(random)
	a := account{ID: hex.EncodeToString(random[:6]), Key: "K005" + base64.RawURLEncoding.EncodeToString(random[6:29])[:27],
		TokenSecret: random[29:61], SSEKey: random[61:]}
	a.KeyID = a.ID
	raw, err := json.Marshal(a)
	if err != nil {
		return a, err
	}
	err = s.store.Update(func(tx Tx) error { return tx.Put(tableMeta, accountKey, raw) })
	if err != nil {
		return a, fmt.Errorf("making the account: %w", err)
	}
	return a, nil
}

// MasterKey answers the id and the secret of the key that may do everything.
func (s *Server) MasterKey() (id, secret string) { return s.cfg.KeyID, s.cfg.Key }

// Close stops the background work and closes the store. Requests must have
// ended before (http.Server.Shutdown). Calling it again answers the same.
func (s *Server) Close() error { return s.close() }

func (s *Server) end() error {
	s.stop()
	s.background.Wait()
	s.notifier.close()
	return s.store.Close()
}

// every answers true on each nth turn. The test modes of the API are
// deterministic here, so that a test that uses them is.
func (s *Server) every(n int64, turns *atomic.Int64) bool { return turns.Add(1)%n == 0 }

// dice throws the random faults.
type dice struct {
	rate float64
	mu   sync.Mutex
	rand *mathrand.Rand
}

func (d *dice) strikes() bool {
	if d.rate <= 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.Float64() < d.rate
}

// dateCache renders the Date header once a second.
type dateCache struct{ last atomic.Pointer[dateOfSecond] }

type dateOfSecond struct {
	second int64
	header []string
}

func (d *dateCache) header(now time.Time) []string {
	if last := d.last.Load(); last != nil && last.second == now.Unix() {
		return last.header
	}
	h := []string{now.UTC().Format(http.TimeFormat)}
	d.last.Store(&dateOfSecond{now.Unix(), h})
	return h
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
