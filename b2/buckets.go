package b2

import (
	"context"

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

// CreateBucket makes a bucket.
func (c *Client) CreateBucket(ctx context.Context, req CreateBucketRequest) (*Bucket, error) {
	return nil, errUnbuilt
}

// UpdateBucket changes what is set in the request.
func (c *Client) UpdateBucket(ctx context.Context, req UpdateBucketRequest) (*Bucket, error) {
	return nil, errUnbuilt
}

// DeleteBucket removes a bucket, which must be empty of all versions.
func (c *Client) DeleteBucket(ctx context.Context, id string) error { return errUnbuilt }

// ListBuckets lists the buckets that match, by name.
func (c *Client) ListBuckets(ctx context.Context, req ListBucketsRequest) ([]Bucket, error) {
	return nil, errUnbuilt
}

// BucketByName finds a bucket's id, without a call where the key names it.
func (c *Client) BucketByName(ctx context.Context, name string) (BucketRef, error) {
	return BucketRef{}, errUnbuilt
}

// NotificationRules reads a bucket's event notification rules.
func (c *Client) NotificationRules(ctx context.Context, bucketID string) (*NotificationRules, error) {
	return nil, errUnbuilt
}

// SetNotificationRules replaces a bucket's event notification rules.
func (c *Client) SetNotificationRules(ctx context.Context, rules NotificationRules) (*NotificationRules, error) {
	return nil, errUnbuilt
}
