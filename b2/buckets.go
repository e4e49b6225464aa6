package b2

import (
	"context"
	"errors"
	"fmt"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Shapes of bucket calls, as the API documents them. AccountID is filled in by
// the client.
type (
	Bucket              = wire.Bucket
	LifecycleRule       = wire.LifecycleRule
	CORSRule            = wire.CORSRule
	DefaultRetention    = wire.DefaultRetention
	RetentionPeriod     = wire.RetentionPeriod
	EncryptionSetting   = wire.SSE
	CreateBucketRequest = wire.CreateBucketRequest
	UpdateBucketRequest = wire.UpdateBucketRequest
	ListBucketsRequest  = wire.ListBucketsRequest
	NotificationRules   = wire.NotificationRules
)

// Types of buckets.
const (
	AllPublic  = wire.AllPublic
	AllPrivate = wire.AllPrivate
)

// CreateBucket makes a bucket. BucketType "" is AllPrivate. Its error answers
// to ErrBucketExists when the name is in use.
func (c *Client) CreateBucket(ctx context.Context, req CreateBucketRequest) (bucket *Bucket, err error) {
	account, err := c.Account(ctx)
	if err != nil {
		return nil, err
	}
	req.AccountID = account.ID
	if req.BucketType == "" {
		req.BucketType = AllPrivate
	}
	err = c.attempt(ctx, func(e *effort) error {
		bucket, err = post[Bucket](ctx, e, wire.CallCreateBucket, req)
		if e.lost && errors.Is(err, ErrBucketExists) {
			bucket, err = c.ownBucket(ctx, e, account, req.BucketName, err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return bucket, nil
}

// ownBucket finds the bucket that an attempt without an answer has made; taken
// is the error when it was somebody else's.
func (c *Client) ownBucket(ctx context.Context, e *effort, account *Account, name string, taken error) (*Bucket, error) {
	found, err := post[wire.ListBucketsResponse](ctx, e, wire.CallListBuckets,
		wire.ListBucketsRequest{AccountID: account.ID, BucketName: &name})
	if err != nil {
		return nil, err
	}
	if len(found.Buckets) != 1 {
		return nil, taken
	}
	return &found.Buckets[0], nil
}

// UpdateBucket changes what is set in the request. Its error answers to
// ErrConflict when IfRevisionIs is set and another change came first.
func (c *Client) UpdateBucket(ctx context.Context, req UpdateBucketRequest) (*Bucket, error) {
	account, err := c.Account(ctx)
	if err != nil {
		return nil, err
	}
	req.AccountID = account.ID
	return call[Bucket](ctx, c, wire.CallUpdateBucket, req)
}

// DeleteBucket removes a bucket, which must be empty of all versions, hide
// markers and unfinished large files.
func (c *Client) DeleteBucket(ctx context.Context, id string) error {
	account, err := c.Account(ctx)
	if err != nil {
		return err
	}
	return c.attempt(ctx, func(e *effort) error {
		_, err := post[Bucket](ctx, e, wire.CallDeleteBucket, wire.DeleteBucketRequest{AccountID: account.ID, BucketID: id})
		if e.lost && errors.Is(err, ErrBucketNotFound) {
			return nil
		}
		return err
	})
}

// ListBuckets lists the buckets that match, by name. A key that is confined to
// buckets must name one of them.
func (c *Client) ListBuckets(ctx context.Context, req ListBucketsRequest) ([]Bucket, error) {
	account, err := c.Account(ctx)
	if err != nil {
		return nil, err
	}
	req.AccountID = account.ID
	said, err := call[wire.ListBucketsResponse](ctx, c, wire.CallListBuckets, req)
	if err != nil {
		return nil, err
	}
	return said.Buckets, nil
}

// BucketByName finds a bucket's id, without a call where the key names the
// bucket. Its error answers to ErrBucketNotFound when there is no such bucket
// or the key is confined to others.
func (c *Client) BucketByName(ctx context.Context, name string) (BucketRef, error) {
	account, err := c.Account(ctx)
	if err != nil {
		return BucketRef{}, err
	}
	for _, ref := range account.Allowed.Buckets {
		if ref.Name == name && name != "" {
			return ref, nil
		}
	}
	if account.Allowed.Buckets != nil {
		return BucketRef{}, fmt.Errorf("%w: %q, for this key", ErrBucketNotFound, name)
	}
	found, err := c.ListBuckets(ctx, ListBucketsRequest{BucketName: &name})
	if err != nil {
		return BucketRef{}, err
	}
	for _, b := range found {
		if b.BucketName == name {
			return BucketRef{ID: b.BucketID, Name: name}, nil
		}
	}
	return BucketRef{}, fmt.Errorf("%w: %q", ErrBucketNotFound, name)
}

// NotificationRules reads a bucket's event notification rules.
func (c *Client) NotificationRules(ctx context.Context, bucketID string) (*NotificationRules, error) {
	return call[NotificationRules](ctx, c, wire.CallGetNotifications, wire.UploadURLRequest{BucketID: bucketID})
}

// SetNotificationRules replaces a bucket's event notification rules.
func (c *Client) SetNotificationRules(ctx context.Context, rules NotificationRules) (*NotificationRules, error) {
	return call[NotificationRules](ctx, c, wire.CallSetNotifications, rules)
}
