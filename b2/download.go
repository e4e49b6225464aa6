package b2

import (
	"context"
	"io"
)

// Target is where a download goes: what was written can be read back, to hash
// what came out of order. An *os.File is one.
type Target interface {
	io.WriterAt
	io.ReaderAt
}

// DownloadRequest is a version to be read whole.
type DownloadRequest struct {
	File     *File // ID and Size count; its hash is what the content must have
	To       Target
	Progress func(n int64) // told the bytes that moved, from several goroutines; may be nil
	Streams  int           // requests at once; 0 is chosen by size
	SSE      *SSE          // the key, for SSE-C
	SkipHash bool          // leave the hash unchecked
}

// DownloadResult is what was read.
type DownloadResult struct {
	SHA1     string // of the whole content; "" with SkipHash
	Verified bool   // SHA1 was compared with what the service knows
}

// Download reads a version into a target and checks length and hash.
func (c *Client) Download(ctx context.Context, req DownloadRequest) (DownloadResult, error) {
	return DownloadResult{}, errUnbuilt
}

// OpenRequest names a version to be read as a stream: by ID, or the newest of
// Name in the bucket.
type OpenRequest struct {
	ID           string
	Bucket, Name string // the bucket's name, not its id
	Offset       int64  // first byte
	Length       int64  // bytes; 0 is to the end
	SSE          *SSE
}

// Object is content being read, and the version that it is of.
type Object struct {
	File
	io.ReadCloser
}

// Open starts reading. The object must be closed. A body that breaks is gone
// on with at its last byte; the hash is checked when a whole object was read.
func (c *Client) Open(ctx context.Context, req OpenRequest) (*Object, error) { return nil, errUnbuilt }

// Stat is Open without content.
func (c *Client) Stat(ctx context.Context, req OpenRequest) (*File, error) { return nil, errUnbuilt }
