package b2

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Shapes of the key calls, as the API documents them.
type (
	Key              = wire.Key
	CreateKeyRequest = wire.CreateKeyRequest
)

// CreateKey makes an application key. Its secret is in this answer only, so a
// key whose answer was lost stays behind unused.
func (c *Client) CreateKey(ctx context.Context, req CreateKeyRequest) (*Key, error) {
	account, err := c.Account(ctx)
	if err != nil {
		return nil, err
	}
	req.AccountID = account.ID
	return call[Key](ctx, c, wire.CallCreateKey, req)
}

// ListKeys yields the account's keys, without secrets. An error comes last.
func (c *Client) ListKeys(ctx context.Context) iter.Seq2[Key, error] {
	const page = 1000 // billed as one call
	return func(yield func(Key, error) bool) {
		account, err := c.Account(ctx)
		if err != nil {
			yield(Key{}, err)
			return
		}
		req := wire.ListKeysRequest{AccountID: account.ID, MaxKeyCount: new(page)}
		for empty := emptyRun(0); ; {
			said, err := call[wire.ListKeysResponse](ctx, c, wire.CallListKeys, req)
			if err != nil {
				yield(Key{}, err)
				return
			}
			for _, k := range said.Keys {
				if !yield(k, nil) {
					return
				}
			}
			if said.NextApplicationKeyID == nil {
				return
			}
			if err := empty.after(wire.CallListKeys, len(said.Keys) == 0); err != nil {
				yield(Key{}, err)
				return
			}
			if req.StartApplicationKeyID != nil && *req.StartApplicationKeyID == *said.NextApplicationKeyID {
				yield(Key{}, stuck(wire.CallListKeys))
				return
			}
			req.StartApplicationKeyID = said.NextApplicationKeyID
		}
	}
}

// DeleteKey removes a key.
func (c *Client) DeleteKey(ctx context.Context, id string) error {
	return c.attempt(ctx, func(e *effort) error {
		_, err := post[Key](ctx, e, wire.CallDeleteKey, wire.DeleteKeyRequest{ApplicationKeyID: id})
		return e.goneAfterLostAnswer(err)
	})
}

// goneAfterLostAnswer makes a success of a 400 that answers to removing
// something, when an earlier attempt may have removed it already.
func (e *effort) goneAfterLostAnswer(err error) error {
	if failure, ok := errors.AsType[*Error](err); ok && e.lost && failure.Status == http.StatusBadRequest {
		return nil
	}
	return err
}
