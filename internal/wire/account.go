package wire

// AuthorizeV4 answers authorize_account in v4, the version that our client
// speaks. A server builds the older forms itself (API documentation).
type AuthorizeV4 struct {
	AccountID          string    `json:"accountId"`
	AuthorizationToken string    `json:"authorizationToken"`
	KeyExpiration      *int64    `json:"applicationKeyExpirationTimestamp"`
	APIInfo            APIInfoV4 `json:"apiInfo"`
}

// APIInfoV4 groups what authorising answers by API suite; other suites exist
// and are ignored.
type APIInfoV4 struct {
	Storage StorageAPIV4 `json:"storageApi"`
}

// StorageAPIV4 says where to call and what the key may do.
type StorageAPIV4 struct {
	Allowed                 AllowedV4 `json:"allowed"`
	APIURL                  string    `json:"apiUrl"`
	DownloadURL             string    `json:"downloadUrl"`
	S3APIURL                string    `json:"s3ApiUrl"`
	AbsoluteMinimumPartSize int64     `json:"absoluteMinimumPartSize"`
	RecommendedPartSize     int64     `json:"recommendedPartSize"`
}

// AllowedV4 is what a key is confined to. Buckets nil means every bucket.
type AllowedV4 struct {
	Buckets      []AllowedBucket `json:"buckets"`
	Capabilities []string        `json:"capabilities"`
	NamePrefix   *string         `json:"namePrefix"`
}

// AllowedBucket is one bucket of a restricted key. Name is nil when the bucket
// has been deleted.
type AllowedBucket struct {
	ID   string  `json:"id"`
	Name *string `json:"name"`
}

// Key is an application key. Secret is in the answer of create_key only.
type Key struct {
	AccountID           string   `json:"accountId"`
	ApplicationKeyID    string   `json:"applicationKeyId"`
	Secret              string   `json:"applicationKey,omitempty"`
	KeyName             string   `json:"keyName"`
	Capabilities        []string `json:"capabilities"`
	BucketIDs           []string `json:"bucketIds"` // nil means every bucket; v4
	NamePrefix          *string  `json:"namePrefix"`
	ExpirationTimestamp *int64   `json:"expirationTimestamp"`
	Options             []string `json:"options"`
}

// CreateKeyRequest makes a key (v4).
type CreateKeyRequest struct {
	AccountID              string   `json:"accountId"`
	Capabilities           []string `json:"capabilities"`
	KeyName                string   `json:"keyName"`
	ValidDurationInSeconds *int64   `json:"validDurationInSeconds,omitempty"`
	BucketIDs              []string `json:"bucketIds,omitempty"`
	NamePrefix             *string  `json:"namePrefix,omitempty"`
}

// ListKeysRequest asks for a page of keys.
type ListKeysRequest struct {
	AccountID             string  `json:"accountId"`
	MaxKeyCount           *int    `json:"maxKeyCount,omitempty"`
	StartApplicationKeyID *string `json:"startApplicationKeyId,omitempty"`
}

// ListKeysResponse is a page of keys, without secrets.
type ListKeysResponse struct {
	Keys                 []Key   `json:"keys"`
	NextApplicationKeyID *string `json:"nextApplicationKeyId"`
}

// DeleteKeyRequest removes a key.
type DeleteKeyRequest struct {
	ApplicationKeyID string `json:"applicationKeyId"`
}

// Capabilities of application keys that the client asks for by name.
const (
	CapListKeys     = "listKeys"
	CapWriteKeys    = "writeKeys"
	CapDeleteKeys   = "deleteKeys"
	CapListBuckets  = "listBuckets"
	CapReadBuckets  = "readBuckets"
	CapWriteBuckets = "writeBuckets"
	CapDelBuckets   = "deleteBuckets"
	CapListFiles    = "listFiles"
	CapReadFiles    = "readFiles"
	CapShareFiles   = "shareFiles"
	CapWriteFiles   = "writeFiles"
	CapDeleteFiles  = "deleteFiles"
	CapBypass       = "bypassGovernance"
)
