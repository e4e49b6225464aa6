package b2

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Secret is a string that prints as "[redacted]". Convert it to string to use
// it.
type Secret string

const redacted = "[redacted]"

// String hides the secret.
func (s Secret) String() string { return redacted }

// GoString hides the secret.
func (s Secret) GoString() string { return redacted }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret, in JSON too: who wants to store it must convert
// it on purpose.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Account is an authorisation: who we are, where to call, and what the key may
// do.
type Account struct {
	ID    string // the account, which is not the key's id
	KeyID string // the key that authorised
	Token Secret // good for at most 24 hours

	APIURL, DownloadURL, S3APIURL string

	MinPartSize         int64 // bytes; smallest part of a large file but the last
	RecommendedPartSize int64 // bytes

	Allowed    Allowed
	KeyExpires time.Time // zero when the key does not expire
}

// Allowed is what a key is confined to.
type Allowed struct {
	Buckets      []BucketRef // nil means all
	Capabilities []string
	Prefix       string // names must begin with it
}

// BucketRef names a bucket. Name is empty for a bucket of a key that has been
// deleted.
type BucketRef struct{ ID, Name string }

// Can reports whether the key has a capability, such as "listFiles".
func (a Allowed) Can(capability string) bool {
	return slices.Contains(a.Capabilities, capability)
}

// Authorize asks the service for a new authorisation, and the client uses it
// from then on.
func (c *Client) Authorize(ctx context.Context) (account *Account, err error) {
	err = c.attempt(ctx, func(e *effort) error {
		if err := c.session.lock(ctx); err != nil {
			return err
		}
		defer c.session.unlock()
		account, err = c.authorize(ctx, e)
		return err
	})
	return account, err
}

// Account is the authorisation in use. The client authorises if there is none
// yet.
func (c *Client) Account(ctx context.Context) (account *Account, err error) {
	if known := c.session.current.Load(); known != nil {
		return known, nil
	}
	err = c.attempt(ctx, func(e *effort) error {
		account, err = c.account(ctx, e)
		return err
	})
	return account, err
}

// A session holds the authorisation that all requests of a client share.
type session struct {
	current atomic.Pointer[Account] // nil: authorise first
	turn    chan struct{}           // held by the one who authorises
	refused *Error                  // the key is no good; guarded by turn
}

func (s *session) lock(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *session) unlock() { <-s.turn }

// account is the authorisation to make an attempt with. When there is none,
// one worker authorises and the others wait for it.
func (c *Client) account(ctx context.Context, e *effort) (*Account, error) {
	if a := c.session.current.Load(); a != nil {
		return a, nil
	}
	if err := c.session.lock(ctx); err != nil {
		return nil, err
	}
	defer c.session.unlock()
	if a := c.session.current.Load(); a != nil {
		return a, nil
	}
	if c.session.refused != nil {
		return nil, c.session.refused
	}
	return c.authorize(ctx, e)
}

// distrust drops an authorisation whose token the service has just refused.
func (c *Client) distrust(a *Account, err error) error {
	if failure, ok := errors.AsType[*Error](err); ok && actionFor(failure) == reconnect {
		c.session.current.CompareAndSwap(a, nil)
	}
	return err
}

// authorize makes one attempt. The caller holds the turn.
func (c *Client) authorize(ctx context.Context, e *effort) (*Account, error) {
	if c.cfg.KeyID == "" || c.cfg.Key == "" {
		return nil, &Error{Call: wire.CallAuthorize, Cause: fmt.Errorf("%w: no key to authorise with", ErrUnauthorized)}
	}
	a, err := e.send(ctx, request{call: wire.CallAuthorize, method: http.MethodGet,
		url: c.cfg.Endpoint + apiPath + wire.CallAuthorize, basic: true})
	var said wire.AuthorizeV4
	if err == nil {
		err = a.decode(&said)
	}
	if err != nil {
		if failure, ok := errors.AsType[*Error](err); ok && failure.Status == http.StatusUnauthorized {
			c.session.refused = failure
		}
		return nil, err
	}
	account, err := c.accountOf(&said)
	if err != nil {
		return nil, &Error{Call: wire.CallAuthorize, Cause: err}
	}
	c.session.refused = nil
	c.session.current.Store(account)
	if c.cfg.OnAuthorize != nil {
		c.cfg.OnAuthorize(account)
	}
	return account, nil
}

// accountOf reads the answer of authorising.
func (c *Client) accountOf(said *wire.AuthorizeV4) (*Account, error) {
	api := said.APIInfo.Storage
	account := &Account{
		ID: said.AccountID, KeyID: c.cfg.KeyID, Token: Secret(said.AuthorizationToken),
		APIURL: strings.TrimRight(api.APIURL, "/"), DownloadURL: strings.TrimRight(api.DownloadURL, "/"),
		S3APIURL: api.S3APIURL, MinPartSize: api.AbsoluteMinimumPartSize, RecommendedPartSize: api.RecommendedPartSize,
		Allowed: Allowed{Capabilities: api.Allowed.Capabilities},
	}
	if account.ID == "" || account.Token == "" {
		return nil, fmt.Errorf("%w: no account or token in it", ErrAnswer)
	}
	for _, address := range []string{account.APIURL, account.DownloadURL} {
		if err := checkAddress(address, c.cfg.Endpoint); err != nil {
			return nil, err
		}
	}
	if said.KeyExpiration != nil {
		account.KeyExpires = time.UnixMilli(*said.KeyExpiration)
	}
	if api.Allowed.NamePrefix != nil {
		account.Allowed.Prefix = *api.Allowed.NamePrefix
	}
	if api.Allowed.Buckets != nil {
		account.Allowed.Buckets = make([]BucketRef, 0, len(api.Allowed.Buckets))
		for _, b := range api.Allowed.Buckets {
			ref := BucketRef{ID: b.ID}
			if b.Name != nil {
				ref.Name = *b.Name
			}
			account.Allowed.Buckets = append(account.Allowed.Buckets, ref)
		}
	}
	return account, nil
}

// checkAddress refuses an address that a token must not be sent to: not HTTP,
// or plain HTTP announced by a service that was reached by HTTPS.
func checkAddress(address, announcedBy string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%w: announces an address that is not a web address", ErrAnswer)
	case u.Scheme == "http" && strings.HasPrefix(announcedBy, "https:"):
		return fmt.Errorf("%w: announces an address without TLS", ErrAnswer)
	}
	return nil
}
