package b2

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Shapes of the large-file calls, as the API documents them.
type (
	StartLargeFileRequest = wire.StartLargeFileRequest
	Part                  = wire.Part
)

// buffers are for reading content; one serves one stream.
var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// smallestShare is the size below which parts are not cut only to keep more
// requests busy.
const smallestShare = 16_000_000

// partSize chooses how many bytes of a file go into a part; 0 is the whole file
// in one request. Parts have the size that the service recommends, more where
// 10,000 of them would not hold the file, and less where some of the slots
// would have nothing to do.
func partSize(account *Account, size, asked int64, slots int) (int64, error) {
	least, recommended := leastPart(account), recommendedPart(account)
	enough := (size + wire.MaxParts - 1) / wire.MaxParts
	if asked != 0 {
		switch {
		case asked < least || asked > wire.MaxSinglePart:
			return 0, fmt.Errorf("b2: a part of %d bytes: the service takes %d to %d", asked, least, int64(wire.MaxSinglePart))
		case size <= asked:
			return 0, nil
		}
		return max(asked, enough), nil
	}
	if size <= recommended {
		return 0, nil
	}
	share := (size + int64(slots) - 1) / int64(slots)
	share = max(share, least, min(smallestShare, recommended))
	return max(min(recommended, share), least, enough), nil
}

// leastPart is the smallest size of a part that is not the last.
func leastPart(account *Account) int64 {
	if account.MinPartSize > 0 {
		return account.MinPartSize
	}
	return wire.MinPartSize
}

// recommendedPart is the size of parts that the service recommends.
func recommendedPart(account *Account) int64 {
	if account.RecommendedPartSize > 0 {
		return account.RecommendedPartSize
	}
	return wire.RecommendedPartSize
}

// A large is a large file being uploaded. What is in sums already is not sent.
type large struct {
	c      *Client
	req    *UploadRequest
	id     string
	size   int64    // of a part; the last may be smaller
	sums   []string // SHA-1 of each part that is stored, "" for the others
	base   *base    // what parts can be copied from; nil to send them all
	tail   int64    // where the last part begins, if that is not a multiple of size; else 0
	stored int64    // bytes of the parts that were stored before
	ours   bool     // to be cancelled if the upload fails for good
}

func newLarge(c *Client, req *UploadRequest, id string, part int64) *large {
	return &large{c: c, req: req, id: id, size: part, sums: make([]string, (req.Size+part-1)/part), base: newBase(req)}
}

// uploadLarge stores a file in parts: what is missing of one that an earlier
// upload has left, if there is one that fits, or else all of it.
func (c *Client) uploadLarge(ctx context.Context, req *UploadRequest, part int64) (*File, error) {
	left, err := c.remains(ctx, req, part)
	if err != nil {
		return nil, err
	}
	if err := req.hash(ctx, left); err != nil {
		return nil, err
	}
	if left != nil && left.fits(req) {
		stored, gone, err := left.large(c, req).goOn(ctx)
		if !gone {
			return stored, err
		}
		c.log.Warn("a large file starts again", "file", left.ID, "error", err)
	}
	for {
		started, ours, err := c.startLarge(ctx, req.start())
		if err != nil {
			return nil, err
		}
		l := newLarge(c, req, started.ID, part)
		if ours {
			l.ours = true
			req.Large.started(started.ID)
			return l.run(ctx)
		}
		if stored, gone, err := l.goOn(ctx); !gone {
			return stored, err
		}
	}
}

// hash fills in the hash of the whole, unless it is known or not wanted, and
// the hashes of the parts that an earlier upload has left.
func (r *UploadRequest) hash(ctx context.Context, left *remains) error {
	if _, ok := r.Info[InfoLargeSHA1]; ok || r.NoLargeSHA1 {
		if left == nil {
			return nil
		}
		return left.sumParts(ctx, r)
	}
	if left == nil {
		sum, err := hashAll(ctx, r.Content, r.Size)
		r.Info[InfoLargeSHA1] = sum
		return err
	}
	sum, own, err := hashWithParts(ctx, r.Content, r.Size, left.size)
	r.Info[InfoLargeSHA1], left.own = sum, own
	return err
}

// run uploads. An upload that fails for good leaves nothing behind; one that
// the caller gives up, or whose service is away, leaves its parts to whoever
// goes on with it, if anybody keeps book of that.
func (l *large) run(ctx context.Context) (*File, error) {
	defer l.c.places.forget(l.id)
	stored, err := l.upload(ctx)
	switch {
	case err == nil:
		l.req.Large.ended(l.id)
	case ctx.Err() == nil && l.ours && !(l.req.Large != nil && Transient(err)):
		if l.c.abandonLarge(ctx, l.id) {
			l.req.Large.ended(l.id)
		}
	}
	return stored, err
}

func (u *LargeUpload) started(id string) {
	if u != nil && u.Started != nil {
		u.Started(id)
	}
}

func (u *LargeUpload) ended(id string) {
	if u != nil && u.Ended != nil {
		u.Ended(id)
	}
}

// abandonLarge cancels an unfinished file as far as that is possible now. What
// stays is what the bucket's lifecycle rules or the next run clear away.
func (c *Client) abandonLarge(ctx context.Context, id string) (gone bool) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := c.CancelLargeFile(ctx, id)
	if err != nil {
		c.log.Warn("a large file stays unfinished", "file", id, "error", err)
	}
	return err == nil
}

// hashAll is the SHA-1 of the whole content.
func hashAll(ctx context.Context, src io.ReaderAt, size int64) (string, error) {
	h := sha1.New()
	err := readThrough(ctx, src, size, size, func(p []byte) { h.Write(p) })
	return hexSum(h), err
}

// hashWithParts is the SHA-1 of the whole content and of each part of it, in
// one pass.
func hashWithParts(ctx context.Context, src io.ReaderAt, size, part int64) (whole string, parts map[int]string, err error) {
	h, p := sha1.New(), sha1.New()
	parts = map[int]string{}
	var off int64
	err = readThrough(ctx, src, size, part, func(b []byte) {
		h.Write(b)
		p.Write(b)
		if off += int64(len(b)); off%part == 0 || off == size {
			parts[int((off-1)/part)] = hexSum(p)
			p.Reset()
		}
	})
	return hexSum(h), parts, err
}

// readThrough shows all of the content, in stretches that never go over the end
// of a part.
func readThrough(ctx context.Context, src io.ReaderAt, size, part int64, show func([]byte)) error {
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	for off := int64(0); off < size; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := src.ReadAt(buf[:min(int64(len(buf)), size-off, part-off%part)], off)
		if n == 0 {
			if err == nil || err == io.EOF {
				err = fmt.Errorf("%w: it ends at %d of %d bytes", ErrShortContent, off, size)
			}
			return err
		}
		show(buf[:n])
		off += int64(n)
	}
	return nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// start announces the file.
func (r *UploadRequest) start() StartLargeFileRequest {
	s := StartLargeFileRequest{BucketID: r.BucketID, FileName: r.Name, ContentType: r.ContentType, FileInfo: r.Info,
		SSE: r.SSE.wire(), FileRetention: r.Retention.wire()}
	s.LegalHold = maybe(r.LegalHold)
	if r.CustomTimestamp != 0 {
		s.CustomUploadTimestamp = &r.CustomTimestamp
	}
	return s
}

// upload sends the parts that are missing and finishes the file.
func (l *large) upload(ctx context.Context) (*File, error) {
	err := each(ctx, cap(l.c.uploads), len(l.sums), func(ctx context.Context, i int) error {
		if l.sums[i] != "" {
			return nil
		}
		sum, err := l.part(ctx, i)
		l.sums[i] = sum
		return err
	})
	if err != nil {
		return nil, err
	}
	if l.req.Check != nil {
		if err := l.req.Check(); err != nil {
			return nil, err
		}
	}
	stored, err := l.c.FinishLargeFile(ctx, l.id, l.sums)
	if err != nil {
		return nil, err
	}
	return stored, checkStored(stored, l.req, "")
}

// part stores one part and gives its SHA-1. What the base has is copied; where
// that does not work, it is sent.
func (l *large) part(ctx context.Context, i int) (sum string, err error) {
	off, end := l.span(i)
	if l.base.has(end) {
		if sum, err = l.base.copy(ctx, l, i+1, off, end); err == nil || ctx.Err() != nil {
			return sum, err
		}
	}
	part, err := l.c.uploadPart(ctx, l.id, i+1, l.content(off, end), l.req.SSE)
	if err != nil {
		return "", err
	}
	return part.ContentSHA1, nil
}

// span is where a part begins, and where it ends.
func (l *large) span(i int) (off, end int64) {
	off, end = int64(i)*l.size, int64(i+1)*l.size
	if l.tail > 0 {
		if i == len(l.sums)-1 {
			return l.tail, l.req.Size
		}
		return off, min(end, l.tail)
	}
	return off, min(end, l.req.Size)
}

// content makes the body of a part anew for each attempt.
func (l *large) content(off, end int64) func() *content {
	return func() *content {
		body := newContent(l.req.Content, off, end-off)
		body.progress = l.req.Progress
		return body
	}
}

// each does n things, at most workers at a time, in about their order. The
// first error ends it and is what it gives.
func each(ctx context.Context, workers, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(workers, n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

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
		for {
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
		for {
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
			if req.StartFileID != nil && *req.StartFileID == *said.NextFileID {
				yield(File{}, stuck(wire.CallListUnfinished))
				return
			}
			req.StartFileID = said.NextFileID
		}
	}
}
