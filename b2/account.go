package b2

import (
	"context"
	"log/slog"
	"slices"
	"time"
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
func (c *Client) Authorize(ctx context.Context) (*Account, error) { return nil, errUnbuilt }

// Account is the authorisation in use. The client authorises if there is none
// yet.
func (c *Client) Account(ctx context.Context) (*Account, error) { return nil, errUnbuilt }
