package b2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Shapes of the large-file calls, as the API documents them.
type (
	StartLargeFileRequest = wire.StartLargeFileRequest
	Part                  = wire.Part
)

// uploadPart stores one part; body makes its content for each attempt.
func (c *Client) uploadPart(ctx context.Context, id string, number int, body func() *content, sse *SSE) (*Part, error) {
	var stored Part
	err := c.attempt(ctx, func(e *effort) error {
		if err := c.uploads.take(ctx); err != nil {
			return err
		}
		defer c.uploads.give()
		at, err := c.places.takePart(ctx, e, id)
		if err != nil {
			return err
		}
		header := http.Header{
			wire.HeaderPartNumber:  {strconv.Itoa(number)},
			wire.HeaderContentSHA1: {wire.SHA1AtEnd},
		}
		sse.setKey(header)
		sent := body()
		err = e.store(ctx, wire.CallUploadPart, at, header, sent, func(said []byte) error {
			stored = Part{}
			return decode(said, &stored)
		})
		if err != nil {
			return err
		}
		c.places.give(id, at)
		if stored.PartNumber != number || stored.ContentLength != sent.moved || stored.ContentSHA1 != sent.sum {
			return fmt.Errorf("%w: part %d was stored as part %d of %d bytes, SHA-1 %q, instead of %d bytes, SHA-1 %s", ErrChecksum,
				number, stored.PartNumber, stored.ContentLength, stored.ContentSHA1, sent.moved, sent.sum)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &stored, nil
}

// UploadPartRequest is one part of a large file.
type UploadPartRequest struct {
	FileID   string
	Number   int         // from 1
	Content  io.ReaderAt // Size bytes; read again when the part must be sent again
	Size     int64
	Progress func(n int64)
	SSE      *SSE // the key, if the file was started with SSE-C
}

// UploadPart stores one part of a large file, or replaces it.
func (c *Client) UploadPart(ctx context.Context, req UploadPartRequest) (*Part, error) {
	return c.uploadPart(ctx, req.FileID, req.Number, func() *content {
		body := newContent(req.Content, 0, req.Size)
		body.progress = req.Progress
		return body
	}, req.SSE)
}

// StartLargeFile announces a large file. If its answer is lost, a file without
// parts stays behind unfinished; Upload and Copy look for it.
func (c *Client) StartLargeFile(ctx context.Context, req StartLargeFileRequest) (*File, error) {
	return c.fileCall(ctx, wire.CallStartLarge, req)
}

// FinishLargeFile makes a version of the parts, whose SHA-1 are given in order.
// After a lost answer it finds out whether the file was finished by then.
func (c *Client) FinishLargeFile(ctx context.Context, id string, sha1s []string) (*File, error) {
	var finished *File
	err := c.attempt(ctx, func(e *effort) error {
		said, err := post[wire.File](ctx, e, wire.CallFinishLarge, wire.FinishLargeFileRequest{FileID: id, PartSHA1Array: sha1s})
		if failure, ok := errors.AsType[*Error](err); ok && e.lost && failure.Status == http.StatusBadRequest {
			said, err = finishedBefore(ctx, e, id, failure)
		}
		if err == nil {
			finished = fileOf(said)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return finished, nil
}

// finishedBefore gives the file that an attempt without an answer finished, or
// refused if there is none.
func finishedBefore(ctx context.Context, e *effort, id string, refused error) (*wire.File, error) {
	said, err := post[wire.File](ctx, e, wire.CallGetFileInfo, wire.FileIDRequest{FileID: id})
	switch {
	case err != nil && e.retry:
		return nil, err // and both are asked again
	case err != nil || said.Action != ActionUpload:
		return nil, refused
	}
	return said, nil
}

// CancelLargeFile removes an unfinished large file and its parts.
func (c *Client) CancelLargeFile(ctx context.Context, id string) error {
	defer c.places.forget(id)
	return c.attempt(ctx, func(e *effort) error {
		_, err := post[wire.CancelLargeFileResponse](ctx, e, wire.CallCancelLarge, wire.FileIDRequest{FileID: id})
		return e.goneAfterLostAnswer(err)
	})
}

// ListParts yields the parts of an unfinished large file, by number. An error
// comes last.
func (c *Client) ListParts(ctx context.Context, id string) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		req := wire.ListPartsRequest{FileID: id, MaxPartCount: new(wire.MaxListParts)}
		for empty := emptyRun(0); ; {
			said, err := call[wire.ListPartsResponse](ctx, c, wire.CallListParts, req)
			if err != nil {
				yield(Part{}, err)
				return
			}
			for _, p := range said.Parts {
				if !yield(p, nil) {
					return
				}
			}
			if said.NextPartNumber == nil {
				return
			}
			if err := empty.after(wire.CallListParts, len(said.Parts) == 0); err != nil {
				yield(Part{}, err)
				return
			}
			if req.StartPartNumber != nil && *said.NextPartNumber <= *req.StartPartNumber {
				yield(Part{}, stuck(wire.CallListParts))
				return
			}
			req.StartPartNumber = said.NextPartNumber
		}
	}
}

// ListUnfinished yields the large files that were started and neither finished
// nor cancelled, oldest first. An error comes last.
func (c *Client) ListUnfinished(ctx context.Context, bucketID, prefix string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		req := wire.ListUnfinishedRequest{BucketID: bucketID, NamePrefix: maybe(prefix), MaxFileCount: new(wire.MaxListUnfinished)}
		for empty := emptyRun(0); ; {
			said, err := call[wire.ListUnfinishedResponse](ctx, c, wire.CallListUnfinished, req)
			if err != nil {
				yield(File{}, err)
				return
			}
			for i := range said.Files {
				if !yield(*fileOf(&said.Files[i]), nil) {
					return
				}
			}
			if said.NextFileID == nil {
				return
			}
			if err := empty.after(wire.CallListUnfinished, len(said.Files) == 0); err != nil {
				yield(File{}, err)
				return
			}
			if req.StartFileID != nil && *req.StartFileID == *said.NextFileID {
				yield(File{}, stuck(wire.CallListUnfinished))
				return
			}
			req.StartFileID = said.NextFileID
		}
	}
}
