package b2

import (
	"context"
	"errors"
	"fmt"

	"github.com/bowline-sync/bowline/internal/wire"
)

// CopyRequest makes a new version of an existing one inside the account,
// without a byte through the client.
type CopyRequest struct {
	Source         *File // as a listing gave it: id and size count, and type and info too above 5 GB
	BucketID, Name string
	Offset, Length int64             // the bytes of the source to copy; Length 0 is all of it
	Replace        bool              // use ContentType and Info below instead of the source's
	ContentType    string            // with Replace; "" lets the service choose by the name's extension
	Info           map[string]string // with Replace
	SourceSSE, SSE *SSE              // the source's key, for SSE-C; the encryption of the copy
	Retention      *Retention
	LegalHold      string        // "on", "off", or "" to ask for none
	Progress       func(n int64) // told the bytes that were copied; may be nil
	Large          *LargeUpload  // told of a copy in parts; a copy never goes on with an earlier one
}

// copyPartMost is the largest part of a copy, in bytes. Each part is a call
// that is paid for; this one lets the service answer in minutes.
const copyPartMost = 1_000_000_000

// Copy copies a version, in parts above 5 GB, and checks what the service says
// it stored: ErrChecksum if that is something else. Its error answers to
// fs.ErrNotExist when the source is gone.
func (c *Client) Copy(ctx context.Context, req CopyRequest) (*File, error) {
	if err := wire.CheckFileName(req.Name); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrName, err)
	}
	if req.Offset < 0 || req.Length < 0 || req.Offset+req.Length > req.Source.Size || req.Offset > 0 && req.Length == 0 {
		return nil, fmt.Errorf("b2: %q has %d bytes: there is no range of %d bytes from %d on", req.Source.Name, req.Source.Size, req.Length, req.Offset)
	}
	var stored *File
	var err error
	if req.size() <= wire.MaxSinglePart {
		if stored, err = c.fileCall(ctx, wire.CallCopyFile, req.small()); err == nil && req.Progress != nil {
			req.Progress(req.size())
		}
	}
	failure, _ := errors.AsType[*Error](err)
	if req.size() > wire.MaxSinglePart || failure != nil && failure.Code == wire.CodeSourceTooLarge {
		stored, err = c.copyLarge(ctx, req)
	}
	if err != nil {
		return nil, err
	}
	return stored, checkCopy(stored, &req)
}

// checkCopy holds what the service says against the source.
func checkCopy(f *File, req *CopyRequest) error {
	switch {
	case f.Name != req.Name || f.ID == "":
		return fmt.Errorf("%w: the copy of %q is %q", ErrChecksum, req.Name, f.Name)
	case f.Size != req.size():
		return fmt.Errorf("%w: the copy %q has %d bytes instead of %d", ErrChecksum, req.Name, f.Size, req.size())
	case req.Length == 0 && f.SHA1 != "" && req.Source.SHA1 != "" && f.SHA1 != req.Source.SHA1:
		return fmt.Errorf("%w: the copy %q has the SHA-1 %s instead of %s", ErrChecksum, req.Name, f.SHA1, req.Source.SHA1)
	}
	return nil
}

// size is how many bytes are copied.
func (r *CopyRequest) size() int64 {
	if r.Length > 0 {
		return r.Length
	}
	return r.Source.Size
}

// small is the request of a copy by one call.
func (r *CopyRequest) small() wire.CopyFileRequest {
	w := wire.CopyFileRequest{SourceFileID: r.Source.ID, FileName: r.Name, DestinationBucketID: maybe(r.BucketID),
		SourceSSE: r.SourceSSE.wire(), DestinationSSE: r.SSE.wire(), FileRetention: r.Retention.wire()}
	w.LegalHold = maybe(r.LegalHold)
	if r.Length > 0 {
		w.Range = new(fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1))
	}
	if r.Replace {
		w.MetadataDirective = new(wire.DirectiveReplace)
		w.ContentType, w.FileInfo = new(r.contentType()), r.Info
	}
	return w
}

func (r *CopyRequest) contentType() string {
	if r.ContentType == "" {
		return wire.AutoContentType
	}
	return r.ContentType
}

// copyLarge copies by the large-file calls: the new file gets the source's type
// and info as its own.
func (c *Client) copyLarge(ctx context.Context, req CopyRequest) (*File, error) {
	account, err := c.Account(ctx)
	if err != nil {
		return nil, err
	}
	start, err := c.startCopy(ctx, &req)
	if err != nil {
		return nil, err
	}
	started, ours, err := c.startLarge(ctx, start)
	if err != nil {
		return nil, err
	}
	if ours {
		req.Large.started(started.ID)
	}
	part := copyPartSize(account, req.size(), cap(c.uploads))
	sums := make([]string, (req.size()+part-1)/part)
	err = each(ctx, cap(c.uploads), len(sums), func(ctx context.Context, i int) (err error) {
		off := req.Offset + int64(i)*part
		sums[i], err = c.copyPart(ctx, &req, started.ID, i+1, off, min(off+part, req.Offset+req.size()))
		return err
	})
	var stored *File
	if err == nil {
		stored, err = c.FinishLargeFile(ctx, started.ID, sums)
	}
	if err == nil || ours && ctx.Err() == nil && c.abandonLarge(ctx, started.ID) {
		req.Large.ended(started.ID)
	}
	return stored, err
}

// startCopy is the announcement of a large copy.
func (c *Client) startCopy(ctx context.Context, req *CopyRequest) (start StartLargeFileRequest, err error) {
	source := req.Source
	if source.ContentType == "" && !req.Replace { // not from a listing
		if source, err = c.FileInfo(ctx, source.ID); err != nil {
			return start, err
		}
	}
	start = StartLargeFileRequest{BucketID: req.BucketID, FileName: req.Name, ContentType: source.ContentType,
		FileInfo: source.Info(), SSE: req.SSE.wire(), FileRetention: req.Retention.wire()}
	if req.Length > 0 {
		delete(start.FileInfo, InfoLargeSHA1) // that of the whole source
	}
	if start.BucketID == "" {
		start.BucketID = source.BucketID
	}
	if req.Replace {
		start.ContentType, start.FileInfo = req.contentType(), req.Info
	}
	start.LegalHold = maybe(req.LegalHold)
	return start, nil
}

// copyPartSize makes the parts large, for each is paid for, but keeps all
// workers busy.
func copyPartSize(account *Account, size int64, workers int) int64 {
	recommended := recommendedPart(account)
	share := (size + int64(workers) - 1) / int64(workers)
	enough := (size + wire.MaxParts - 1) / wire.MaxParts
	return max(min(max(share, recommended), copyPartMost), enough)
}

// copyPart copies the bytes from off to before end.
func (c *Client) copyPart(ctx context.Context, req *CopyRequest, id string, number int, off, end int64) (string, error) {
	part, err := call[Part](ctx, c, wire.CallCopyPart, wire.CopyPartRequest{SourceFileID: req.Source.ID, LargeFileID: id,
		PartNumber: number, Range: new(fmt.Sprintf("bytes=%d-%d", off, end-1)),
		SourceSSE: req.SourceSSE.wire(), DestinationSSE: req.SSE.wire()})
	switch {
	case err != nil:
		return "", err
	case part.ContentLength != end-off:
		return "", fmt.Errorf("%w: part %d of the copy %q has %d bytes instead of %d", ErrChecksum, number, req.Name,
			part.ContentLength, end-off)
	case req.Progress != nil:
		req.Progress(end - off)
	}
	return part.ContentSHA1, nil
}
