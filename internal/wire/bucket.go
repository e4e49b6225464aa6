package wire

import "encoding/json"

// Bucket is a bucket as every bucket call answers it (API documentation).
type Bucket struct {
	AccountID      string            `json:"accountId"`
	BucketID       string            `json:"bucketId"`
	BucketInfo     map[string]string `json:"bucketInfo"`
	BucketName     string            `json:"bucketName"`
	BucketType     string            `json:"bucketType"`
	CORSRules      []CORSRule        `json:"corsRules"`
	DefaultSSE     DefaultSSEAnswer  `json:"defaultServerSideEncryption"`
	FileLock       FileLockAnswer    `json:"fileLockConfiguration"`
	LifecycleRules []LifecycleRule   `json:"lifecycleRules"`
	Options        []string          `json:"options"`
	Replication    ReplicationAnswer `json:"replicationConfiguration"`
	Revision       int               `json:"revision"`
}

// DefaultSSEAnswer is the bucket's default encryption, if the key may read it.
type DefaultSSEAnswer struct {
	IsClientAuthorizedToRead bool `json:"isClientAuthorizedToRead"`
	Value                    *SSE `json:"value"`
}

// FileLockAnswer is the bucket's Object Lock setting, if the key may read it.
type FileLockAnswer struct {
	IsClientAuthorizedToRead bool      `json:"isClientAuthorizedToRead"`
	Value                    *FileLock `json:"value"`
}

// FileLock is a bucket's Object Lock setting.
type FileLock struct {
	DefaultRetention  DefaultRetention `json:"defaultRetention"`
	IsFileLockEnabled bool             `json:"isFileLockEnabled"`
}

// DefaultRetention is what an upload without a retention of its own gets.
type DefaultRetention struct {
	Mode   *string          `json:"mode"`
	Period *RetentionPeriod `json:"period"`
}

// RetentionPeriod is a length of time in days or years.
type RetentionPeriod struct {
	Duration *int64  `json:"duration"`
	Unit     *string `json:"unit"`
}

// ReplicationAnswer is the bucket's replication setting, if the key may read
// it. Its value is stored and returned as it came.
type ReplicationAnswer struct {
	IsClientAuthorizedToRead bool            `json:"isClientAuthorizedToRead"`
	Value                    json.RawMessage `json:"value"`
}

// LifecycleRule hides and deletes versions by age (API documentation). Days are
// nil for never, and never 0.
type LifecycleRule struct {
	FileNamePrefix              string `json:"fileNamePrefix"`
	DaysFromHidingToDeleting    *int   `json:"daysFromHidingToDeleting"`
	DaysFromUploadingToHiding   *int   `json:"daysFromUploadingToHiding"`
	DaysFromStartingToCanceling *int   `json:"daysFromStartingToCancelingUnfinishedLargeFiles"`
}

// CORSRule lets pages of other origins use the bucket (API documentation).
type CORSRule struct {
	Name              string   `json:"corsRuleName"`
	AllowedOrigins    []string `json:"allowedOrigins"`
	AllowedOperations []string `json:"allowedOperations"`
	AllowedHeaders    []string `json:"allowedHeaders"`
	ExposeHeaders     []string `json:"exposeHeaders"`
	MaxAgeSeconds     int      `json:"maxAgeSeconds"`
}

// CreateBucketRequest makes a bucket.
type CreateBucketRequest struct {
	AccountID       string            `json:"accountId"`
	BucketName      string            `json:"bucketName"`
	BucketType      string            `json:"bucketType"`
	BucketInfo      map[string]string `json:"bucketInfo,omitempty"`
	CORSRules       []CORSRule        `json:"corsRules,omitempty"`
	LifecycleRules  []LifecycleRule   `json:"lifecycleRules,omitempty"`
	FileLockEnabled *bool             `json:"fileLockEnabled,omitempty"`
	DefaultSSE      *SSE              `json:"defaultServerSideEncryption,omitempty"`
	Replication     json.RawMessage   `json:"replicationConfiguration,omitempty"`
}

// ListBucketsRequest asks for buckets; nil means no filter.
type ListBucketsRequest struct {
	AccountID   string   `json:"accountId"`
	BucketID    *string  `json:"bucketId,omitempty"`
	BucketName  *string  `json:"bucketName,omitempty"`
	BucketTypes []string `json:"bucketTypes,omitempty"`
}

// ListBucketsResponse is ordered by name and not paged.
type ListBucketsResponse struct {
	Buckets []Bucket `json:"buckets"`
}

// UpdateBucketRequest changes what is not nil; rules and info are replaced
// whole.
type UpdateBucketRequest struct {
	AccountID        string             `json:"accountId"`
	BucketID         string             `json:"bucketId"`
	BucketType       *string            `json:"bucketType,omitempty"`
	BucketInfo       *map[string]string `json:"bucketInfo,omitempty"`
	CORSRules        *[]CORSRule        `json:"corsRules,omitempty"`
	LifecycleRules   *[]LifecycleRule   `json:"lifecycleRules,omitempty"`
	DefaultSSE       *SSE               `json:"defaultServerSideEncryption,omitempty"`
	DefaultRetention *DefaultRetention  `json:"defaultRetention,omitempty"`
	FileLockEnabled  *bool              `json:"fileLockEnabled,omitempty"`
	Replication      json.RawMessage    `json:"replicationConfiguration,omitempty"`
	IfRevisionIs     *int               `json:"ifRevisionIs,omitempty"`
}

// DeleteBucketRequest removes an empty bucket.
type DeleteBucketRequest struct {
	AccountID string `json:"accountId"`
	BucketID  string `json:"bucketId"`
}

// NotificationRules is the request of set_bucket_notification_rules and the
// answer of both notification calls. Rules are stored as they came.
type NotificationRules struct {
	BucketID string            `json:"bucketId"`
	Rules    []json.RawMessage `json:"eventNotificationRules"`
}
