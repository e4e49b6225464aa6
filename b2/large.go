package b2

import (
	"context"
	"io"
	"iter"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Shapes of the large-file calls, as the API documents them.
type (
	StartLargeFileRequest = wire.StartLargeFileRequest
	Part                  = wire.Part
)

// UploadPartRequest is one part of a large file.
type UploadPartRequest struct {
	FileID   string
	Number   int // from 1
	Content  io.ReaderAt
	Size     int64
	Progress func(n int64)
	SSE      *SSE
}

// StartLargeFile announces a large file.
func (c *Client) StartLargeFile(ctx context.Context, req StartLargeFileRequest) (*File, error) {
	return nil, errUnbuilt
}

// UploadPart stores one part of a large file.
func (c *Client) UploadPart(ctx context.Context, req UploadPartRequest) (*Part, error) {
	return nil, errUnbuilt
}

// FinishLargeFile makes a version of the parts, whose SHA-1 are given in order.
func (c *Client) FinishLargeFile(ctx context.Context, id string, sha1s []string) (*File, error) {
	return nil, errUnbuilt
}

// CancelLargeFile removes an unfinished large file and its parts.
func (c *Client) CancelLargeFile(ctx context.Context, id string) error { return errUnbuilt }

// ListParts yields the parts of an unfinished large file, by number.
func (c *Client) ListParts(ctx context.Context, id string) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) { yield(Part{}, errUnbuilt) }
}

// ListUnfinished yields the large files that were started and neither finished
// nor cancelled, oldest first.
func (c *Client) ListUnfinished(ctx context.Context, bucketID, prefix string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) { yield(File{}, errUnbuilt) }
}
