package b2

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/bowline-sync/bowline/internal/wire"
)

// checkBase gives the base of an upload if the content begins with it: if its
// hash is that of so many bytes of the content. nil means that all is to be
// sent. On the way the hash of the whole is filled in where it will be needed,
// so that the content is read but once for both; large says that it goes in
// parts anyway.
func (r *UploadRequest) checkBase(ctx context.Context, account *Account, large bool) (*File, error) {
	if !r.couldGrow(account) {
		return nil, nil
	}
	h := sha1.New()
	read := func(off, end int64) error {
		return readThrough(ctx, io.NewSectionReader(r.Content, off, end-off), end-off, end-off, func(p []byte) { h.Write(p) })
	}
	if err := read(0, r.Base.Size); err != nil {
		return nil, err
	}
	grown := hexSum(h) == r.Base.ContentSHA1()
	if _, known := r.Info[InfoLargeSHA1]; !known && !r.NoLargeSHA1 && (grown || large) {
		if err := read(r.Base.Size, r.Size); err != nil {
			return nil, err
		}
		r.Info[InfoLargeSHA1] = hexSum(h)
	}
	if !grown {
		return nil, nil
	}
	return r.Base, nil
}

// couldGrow says whether the content may be the base with something appended,
// as far as that can be told without reading it, and whether the service would
// copy the base for us.
func (r *UploadRequest) couldGrow(account *Account) bool {
	b := r.Base
	switch {
	case b == nil, b.Action != ActionUpload, b.ID == "", b.Size >= r.Size, b.Size < leastPart(account):
		return false
	case b.ContentSHA1() == "", b.Unverified:
		return false // nobody knows what it holds
	case !account.Allowed.Can(wire.CapReadFiles):
		return false
	case b.SSEMode == wire.SSEC:
		label, _ := b.InfoValue(wire.InfoSSECKeyID)
		return r.SSE != nil && r.SSE.Mode == wire.SSEC && r.SSE.KeyID == label
	}
	return true
}

// tailMost is how much of what was appended is sent as one part. Beyond that
// all parts have one size, so that an upload that breaks off can be gone on
// with.
func tailMost(account *Account, part int64) int64 {
	if part > 0 {
		return part
	}
	return recommendedPart(account)
}

// uploadTail stores a file of which the base is copied, in few and large parts,
// and what was appended is sent as the last part.
func (c *Client) uploadTail(ctx context.Context, account *Account, req *UploadRequest) (*File, error) {
	started, ours, err := c.startLarge(ctx, req.start())
	if err != nil {
		return nil, err
	}
	if ours {
		req.Large.started(started.ID)
	}
	head := req.Base.Size
	most := copyPartSize(account, head, cap(c.uploads))
	pieces := (head + most - 1) / most
	size := (head + pieces - 1) / pieces
	for pieces > 1 && head-(pieces-1)*size < leastPart(account) { // the smallest of them, and not the last part
		pieces--
		size = (head + pieces - 1) / pieces
	}
	l := &large{c: c, req: req, id: started.ID, size: size, tail: head,
		sums: make([]string, pieces+1), base: newBase(req), ours: ours}
	return l.run(ctx)
}

// A base is the version that an upload copies parts from.
type base struct {
	file    *File
	sse     *SSE        // its key, for SSE-C
	refused atomic.Bool // the service does not copy it after all
}

func newBase(req *UploadRequest) *base {
	if req.Base == nil {
		return nil
	}
	b := &base{file: req.Base}
	if b.file.SSEMode == wire.SSEC {
		b.sse = req.SSE
	}
	return b
}

// has says whether the bytes before end can be copied from the base.
func (b *base) has(end int64) bool { return b != nil && end <= b.file.Size && !b.refused.Load() }

// copy stores a part by a copy. After a failure no other part is tried so: the
// base may be gone by now.
func (b *base) copy(ctx context.Context, l *large, number int, off, end int64) (sum string, err error) {
	req := CopyRequest{Source: b.file, Name: l.req.Name, SourceSSE: b.sse, SSE: l.req.SSE}
	sum, err = l.c.copyPart(ctx, &req, l.id, number, off, end)
	if err == nil && sum == "" {
		err = fmt.Errorf("%w: a copied part without a hash", ErrAnswer)
	}
	switch {
	case err != nil:
		b.refused.Store(true)
		l.c.log.Warn("a part is sent instead of copied", "file", b.file.ID, "part", number, "error", err)
	case l.req.Progress != nil:
		l.req.Progress(end - off)
	}
	return sum, err
}
