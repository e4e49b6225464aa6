package b2

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"time"
)

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

// Announcement is what StartLargeFile is to be asked for a file like this one,
// for those who send its parts themselves, such as those of a stream. Content
// and Size do not matter.
func (r UploadRequest) Announcement() StartLargeFileRequest {
	r.fillIn()
	return r.start()
}

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
