package b2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/bowline-sync/bowline/internal/wire"
)

// LargeUpload connects a large upload with those before it and after it: what
// an earlier one has left unfinished is gone on with, and what this one leaves
// is known. Functions may be nil.
type LargeUpload struct {
	// Candidates gives the unfinished files that were announced like this one:
	// the same bucket, name, content type, info and encryption. What the info
	// says of the hash of the whole is not to be compared: it is not known yet
	// when this is called, and the client compares it later. An error ends the
	// upload.
	Candidates func(ctx context.Context, announced *StartLargeFileRequest) ([]Unfinished, error)
	// Started is told the id of a new file, before anything is sent of it.
	Started func(id string)
	// Ended is told that the file of that id is finished or cancelled.
	Ended func(id string)
	// Resumed is told the bytes that are stored already; negative when they
	// must be sent after all.
	Resumed func(n int64)
}

// Unfinished is a large file that was started and neither finished nor
// cancelled.
type Unfinished struct {
	*File
	Ours bool // to be cancelled when the upload fails for good
}

// Transient says whether an operation that ended with err may well succeed
// later: there was no answer, the service was busy, or it refused the token or
// more of what a cap limits.
func Transient(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	if !ok || permanent(failure.Cause) {
		return false
	}
	switch failure.Status {
	case 0, http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	}
	return failure.Status >= 500
}

// remains is what an earlier upload has left of a file.
type remains struct {
	Unfinished
	size int64          // of a part
	have map[int]*Part  // by index, from 0
	own  map[int]string // SHA-1 of the same stretches of our content
}

// remains finds the unfinished file of which most is stored; nil if there is
// none that can be gone on with.
func (c *Client) remains(ctx context.Context, req *UploadRequest, part int64) (*remains, error) {
	if req.Large == nil || req.Large.Candidates == nil {
		return nil, nil
	}
	announced := req.start()
	list, err := req.Large.Candidates(ctx, &announced)
	if err != nil {
		return nil, err
	}
	var best *remains
	for _, u := range list {
		r, err := c.partsOf(ctx, u, req.Size, part)
		if err != nil && (ctx.Err() != nil || Transient(err)) {
			return nil, err
		}
		if r != nil && (best == nil || len(r.have) > len(best.have)) {
			best = r
		}
	}
	return best, nil
}

// partsOf lists the parts of an unfinished file; nil if they are no parts of a
// file of that size.
func (c *Client) partsOf(ctx context.Context, u Unfinished, size, part int64) (*remains, error) {
	r := &remains{Unfinished: u, have: map[int]*Part{}}
	for p, err := range c.ListParts(ctx, u.ID) {
		if err != nil {
			return nil, err
		}
		r.have[p.PartNumber-1] = &p
		r.size = max(r.size, p.ContentLength)
	}
	if r.size == 0 {
		r.size = part
	}
	count := int((size + r.size - 1) / r.size)
	for i, p := range r.have {
		if i < 0 || i >= count || p.ContentLength != min(r.size, size-int64(i)*r.size) {
			return nil, nil
		}
	}
	if count < 2 || count > wire.MaxParts {
		return nil, nil
	}
	return r, nil
}

// sumParts fills in the hashes of our content for the parts that are stored.
func (r *remains) sumParts(ctx context.Context, req *UploadRequest) error {
	r.own = make(map[int]string, len(r.have))
	for i, p := range r.have {
		sum, err := hashAll(ctx, io.NewSectionReader(req.Content, int64(i)*r.size, p.ContentLength), p.ContentLength)
		if err != nil {
			return err
		}
		r.own[i] = sum
	}
	return nil
}

// fits says whether what is stored is what we would send.
func (r *remains) fits(req *UploadRequest) bool {
	if announced, _ := r.InfoValue(InfoLargeSHA1); announced != req.Info[InfoLargeSHA1] {
		return false
	}
	for i, p := range r.have {
		if p.ContentSHA1 != r.own[i] {
			return false
		}
	}
	return true
}

// large is the file to be gone on with.
func (r *remains) large(c *Client, req *UploadRequest) *large {
	l := newLarge(c, req, r.ID, r.size)
	l.ours = r.Ours
	for i, p := range r.have {
		l.sums[i] = p.ContentSHA1
		l.stored += p.ContentLength
	}
	return l
}

// goOn sends what is missing of an unfinished file. gone says that the service
// does not know the file as unfinished any more, or does not take our parts for
// it, so that the upload must begin anew.
func (l *large) goOn(ctx context.Context) (stored *File, gone bool, err error) {
	tell := func(n int64) {
		if n != 0 && l.req.Large != nil && l.req.Large.Resumed != nil {
			l.req.Large.Resumed(n)
		}
	}
	var moved atomic.Int64
	req := *l.req
	req.Progress = func(n int64) {
		moved.Add(n)
		if l.req.Progress != nil {
			l.req.Progress(n)
		}
	}
	tell(l.stored)
	on := *l
	on.req = &req
	stored, err = on.run(ctx)
	failure, refused := errors.AsType[*Error](err)
	if refused && (failure.Status == http.StatusBadRequest || failure.Status == http.StatusNotFound) {
		tell(-l.stored)
		req.Progress(-moved.Load())
		return nil, true, err
	}
	return stored, false, err
}
