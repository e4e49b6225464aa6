package b2

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Production is the address that keys of the public service authorise at.
const Production = "https://api.backblazeb2.com"

// Config says how a Client reaches the service. The zero value of a field
// means what its comment says.
type Config struct {
	// Endpoint is the base URL to authorise at, without a path; "" is
	// Production.
	Endpoint string
	// KeyID and Key are the application key. They may be empty when Account is
	// set, but then nothing can be done once its token expires.
	KeyID string
	Key   Secret
	// Account is an authorisation to begin with, as OnAuthorize was told it
	// earlier. The client asks for another only when the service refuses it.
	Account *Account
	// OnAuthorize is told after each authorisation, so that it can be stored.
	// The account must not be changed.
	OnAuthorize func(*Account)
	// Transport carries the requests; nil is NewTransport(). It must not
	// follow redirects nor decompress bodies, and nothing else may add
	// retries below the client.
	Transport http.RoundTripper
	// UserAgent is appended to the client's own.
	UserAgent string
	// RetryFor is how long an operation is retried while nothing at all
	// succeeds, over the whole client; 0 is an hour.
	RetryFor time.Duration
	// Uploads and Downloads bound the requests that carry content, over all
	// files together; 0 is 10.
	Uploads, Downloads int
	// Observe is told after each HTTP attempt, from many goroutines.
	Observe func(Attempt)
	// Logger gets diagnostics, without secrets; nil discards them.
	Logger *slog.Logger
}

// Client calls the service. It is safe for concurrent use, and one client
// should be shared by all who use one key: the token, the upload URLs, the
// bounds and the retry rules are the client's.
type Client struct {
	cfg       Config
	transport http.RoundTripper
	userAgent []string
	log       *slog.Logger

	health    health
	clock     clock
	session   session
	places    places // to upload files to
	uploads   slots
	downloads slots
}

// New makes a client. It calls nothing; the first call that needs a token
// authorises.
func New(cfg Config) *Client {
	c := &Client{
		cfg:       cfg,
		transport: cfg.Transport,
		userAgent: []string{userAgent(cfg.UserAgent)},
		log:       cfg.Logger,
		uploads:   newSlots(cfg.Uploads),
		downloads: newSlots(cfg.Downloads),
	}
	if c.cfg.Endpoint == "" {
		c.cfg.Endpoint = Production
	}
	c.cfg.Endpoint = strings.TrimRight(c.cfg.Endpoint, "/")
	if c.transport == nil {
		c.transport = NewTransport()
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.health.epoch = time.Now()
	c.session.turn = make(chan struct{}, 1)
	if cfg.Account != nil {
		c.session.current.Store(cfg.Account)
	}
	return c
}

// userAgent names this client and the Go it was built by, in the form that the
// service asks of integrations.
func userAgent(more string) string {
	version := "dev"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == modulePath && m.Version != "" && m.Version != "(devel)" {
				version = strings.TrimPrefix(m.Version, "v")
			}
		}
	}
	agent := "bowline/" + version + "+go/" + strings.TrimPrefix(runtime.Version(), "go")
	if more != "" {
		agent += " " + more
	}
	return agent
}

const modulePath = "github.com/bowline-sync/bowline"

// slots bound how many do a thing at once.
type slots chan struct{}

func newSlots(n int) slots {
	if n <= 0 {
		n = 10
	}
	return make(slots, n)
}

func (s slots) take(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s slots) give() { <-s }

// each does n things, at most workers at a time, in about their order. The
// first error ends it and is what it gives.
func each(ctx context.Context, workers, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(workers, n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// Attempt is one HTTP request and what came of it.
type Attempt struct {
	Call     string        // name of the call, such as b2_upload_file
	Class    byte          // price class: 'A', 'B' or 'C'
	Units    int           // calls that are billed: a listing counts each started 1,000 entries
	Status   int           // HTTP status; 0 when no answer came
	Code     string        // the service's error code, if any
	Err      error         // nil when the attempt succeeded
	Sent     int64         // bytes of content sent
	Received int64         // bytes of body read
	Took     time.Duration // from the request to the end of the answer
	Retry    bool          // another attempt follows, after Wait
	Wait     time.Duration
}

// Now is the service's clock, by the Date of its last answer; the local clock
// before the first one. Its grain is a second.
func (c *Client) Now() time.Time { return time.Now().Add(time.Duration(c.clock.ahead.Load())) }

// A clock knows how far the service's clock is ahead of ours.
type clock struct {
	ahead atomic.Int64 // ns
	last  atomic.Pointer[string]
}

// observe reads the Date of an answer. Many answers come within one second, so
// an equal date is not parsed again.
func (k *clock) observe(date string) {
	if last := k.last.Load(); date == "" || last != nil && *last == date {
		return
	}
	if t, err := http.ParseTime(date); err == nil {
		k.ahead.Store(int64(time.Until(t)))
		k.last.Store(&date)
	}
}
