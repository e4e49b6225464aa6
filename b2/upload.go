package b2

import (
	"context"
	"io"
)

// SSE is server-side encryption of one file.
type SSE struct {
	Mode  string    // "SSE-B2" or "SSE-C"
	Key   *[32]byte // the customer's key, for SSE-C
	KeyID string    // a label for the key, stored in the info as sse_c_key_id; may be empty
}

// UploadRequest is a file to be stored.
type UploadRequest struct {
	BucketID, Name string
	ContentType    string            // "" lets the service choose by the name's extension
	Info           map[string]string // at most 10 entries
	ModTime        int64             // ms since the epoch, stored in the info unless 0 or there already

	// Content has Size bytes. It is read from several goroutines at once when
	// the file is large, and again when something must be sent again, but
	// never after Upload has returned.
	Content io.ReaderAt
	Size    int64

	// Check is called when the content was read to its end, before the service
	// can take it for whole. An error abandons the upload: nothing is stored,
	// and the error is returned as it is. It may be called more than once. May
	// be nil.
	Check func() error
	// Progress is told the bytes that moved, negative when something must be
	// sent again, from several goroutines. May be nil.
	Progress func(n int64)

	// PartSize is the bytes of a part, and files above it go in parts; 0 is
	// chosen by account and size.
	PartSize int64
	// NoLargeSHA1 saves reading a large file once more for large_file_sha1.
	NoLargeSHA1 bool

	SSE       *SSE
	Retention *Retention
	LegalHold bool
}

// Upload stores a file as one version, in one request or in parts by its size,
// and checks what the service says it stored.
func (c *Client) Upload(ctx context.Context, req UploadRequest) (*File, error) {
	return nil, errUnbuilt
}

// CheckUploadName reports whether a name can be uploaded.
func CheckUploadName(name string) error { return nil }
