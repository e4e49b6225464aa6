package b2

import (
	"context"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Actions: what a File is.
const (
	ActionUpload = wire.ActionUpload // stored content
	ActionHide   = wire.ActionHide   // a hide marker
	ActionStart  = wire.ActionStart  // a large file that is not finished
	ActionFolder = wire.ActionFolder // a folder, in a listing with a delimiter
	ActionCopy   = wire.ActionCopy   // content, in the answer of a copy only
)

// Names in a file's info that clients agree on.
const (
	InfoModTime   = wire.InfoModTime   // modification time of the source, decimal ms
	InfoLargeSHA1 = wire.InfoLargeSHA1 // SHA-1 of a large file's whole content, 40 hex digits
)

// File is one version of a name. Files are values; copy them freely.
type File struct {
	ID, Name, BucketID string
	Action             string
	Size               int64  // bytes
	SHA1               string // 40 hex digits, or "" where the service has none
	Unverified         bool   // nobody checked SHA1 when the file was stored
	MD5                string // 32 hex digits, or ""
	ContentType        string
	Uploaded           int64 // ms since the epoch; when the upload began

	SSEMode       string // "SSE-B2", "SSE-C" or ""
	RetentionMode string // "governance", "compliance" or ""
	RetainUntil   int64  // ms since the epoch, or 0
	LegalHold     bool

	info string // the info as a JSON object, or ""
}

// Info is the custom information stored with the file. The map is the
// caller's.
func (f *File) Info() map[string]string { return nil }

// InfoValue is one entry of the info, found without building the map.
func (f *File) InfoValue(name string) (string, bool) { return "", false }

// ContentSHA1 is the hash of the whole content as far as it is known: SHA1, or
// large_file_sha1 of the info, or "".
func (f *File) ContentSHA1() string { return "" }

// FileInfo looks a version up by id. Its error answers to fs.ErrNotExist when
// there is none.
func (c *Client) FileInfo(ctx context.Context, id string) (*File, error) { return nil, errUnbuilt }

// Hide puts a hide marker on a name.
func (c *Client) Hide(ctx context.Context, bucketID, name string) (*File, error) {
	return nil, errUnbuilt
}

// DeleteVersion removes one version for good. With bypass, governance
// retention does not stop it.
func (c *Client) DeleteVersion(ctx context.Context, name, id string, bypass bool) error {
	return errUnbuilt
}

// Retention is an Object Lock retention: nobody can delete the version before
// Until.
type Retention struct {
	Mode  string // "governance" or "compliance"; "" removes one
	Until time.Time
}

// UpdateRetention sets or removes the retention of a version.
func (c *Client) UpdateRetention(ctx context.Context, name, id string, r Retention, bypass bool) error {
	return errUnbuilt
}

// UpdateLegalHold sets or lifts the legal hold of a version.
func (c *Client) UpdateLegalHold(ctx context.Context, name, id string, on bool) error {
	return errUnbuilt
}

// DownloadAuthorizationRequest asks for a token that reads names with a prefix.
type DownloadAuthorizationRequest = wire.DownloadAuthorizationRequest

// DownloadAuthorization makes a token that reads names with a prefix and
// nothing else.
func (c *Client) DownloadAuthorization(ctx context.Context, req DownloadAuthorizationRequest) (Secret, error) {
	return "", errUnbuilt
}
