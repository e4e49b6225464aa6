package b2

import (
	"context"
	"iter"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Shapes of the key calls, as the API documents them.
type (
	Key              = wire.Key
	CreateKeyRequest = wire.CreateKeyRequest
)

// CreateKey makes an application key. Its secret is in this answer only.
func (c *Client) CreateKey(ctx context.Context, req CreateKeyRequest) (*Key, error) {
	return nil, errUnbuilt
}

// ListKeys yields the account's keys, without secrets.
func (c *Client) ListKeys(ctx context.Context) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) { yield(Key{}, errUnbuilt) }
}

// DeleteKey removes a key.
func (c *Client) DeleteKey(ctx context.Context, id string) error { return errUnbuilt }
