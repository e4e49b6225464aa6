package b2

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"

	"github.com/bowline-sync/bowline/internal/wire"
)

// UploadRequest is a file to be stored.
type UploadRequest struct {
	// BucketID and Name say where. CheckUploadName tells which names can be; a
	// name that ends in a slash only when Size is 0, for a folder marker.
	BucketID, Name string
	ContentType    string            // "" lets the service choose by the name's extension
	Info           map[string]string // at most 10 entries
	ModTime        *int64            // ms since the epoch, stored in the info unless nil or there already

	// Content has Size bytes. It is read from several goroutines at once when
	// the file is large, and again when something must be sent again, but
	// never after Upload has returned.
	Content io.ReaderAt
	Size    int64

	// Check is called when the content was read to its end, before the service
	// can take it for whole. An error abandons the upload: nothing is stored,
	// and the error is returned as it is. It is called again when the content
	// is sent again. May be nil.
	Check func() error
	// Progress is told the bytes that moved, negative when something must be
	// sent again, from several goroutines. May be nil.
	Progress func(n int64)

	// PartSize is the bytes of a part, and files above it go in parts; 0 is
	// chosen by account and size.
	PartSize int64
	// NoLargeSHA1 saves reading a large file once more for large_file_sha1.
	NoLargeSHA1 bool
	// Large connects the upload of a large file with earlier and later ones;
	// may be nil. Without it an upload that fails leaves nothing behind, unless
	// ctx ended.
	Large *LargeUpload

	// Base is a version that the content may begin with, as a listing gave it;
	// may be nil. If its hash says that the content does, the service copies that
	// much, and only what was appended is sent; Progress is told both. An SSE-C
	// key of the base must be that of SSE.
	Base *File

	SSE       *SSE
	Retention *Retention
	LegalHold string // "on", "off", or "" to ask for none
	// CustomTimestamp is when the version shall seem to have been uploaded, in ms
	// since the epoch; 0 for now. The service lets few accounts do that.
	CustomTimestamp int64
}

// Upload stores a file as one version, in one request or in parts by its size,
// and checks what the service says it stored: ErrChecksum if that is something
// else.
//
// The content of a small file is read once. A large one is read once for the
// hash of the whole, which must be announced before anything is sent, and once
// for sending.
func (c *Client) Upload(ctx context.Context, req UploadRequest) (*File, error) {
	if err := checkName(req.Name, req.Size == 0); err != nil {
		return nil, err
	}
	if req.Size < 0 || req.Size > wire.MaxFileSize {
		return nil, fmt.Errorf("b2: %q has %d bytes, and a file can have %d at most", req.Name, req.Size, int64(wire.MaxFileSize))
	}
	req.fillIn()
	account, err := c.Account(ctx)
	if err != nil {
		return nil, err
	}
	part, err := partSize(account, req.Size, req.PartSize, cap(c.uploads))
	if err != nil {
		return nil, err
	}
	if req.Base, err = req.checkBase(ctx, account, part > 0); err != nil {
		return nil, err
	}
	switch {
	case req.Base != nil && req.Size-req.Base.Size <= tailMost(account, req.PartSize):
		return c.uploadTail(ctx, account, &req)
	case part > 0:
		return c.uploadLarge(ctx, &req, part)
	}
	return c.uploadSmall(ctx, &req)
}

// fillIn puts in place of what the caller left out what stands for it.
func (r *UploadRequest) fillIn() {
	r.Info = r.info()
	if r.ContentType == "" {
		r.ContentType = wire.AutoContentType
	}
}

// info is the info to be stored: the caller's, the modification time and the
// label of the key.
func (r *UploadRequest) info() map[string]string {
	info := make(map[string]string, len(r.Info)+2)
	maps.Copy(info, r.Info)
	if _, ok := info[InfoModTime]; !ok && r.ModTime != nil {
		info[InfoModTime] = strconv.FormatInt(*r.ModTime, 10)
	}
	if r.SSE != nil && r.SSE.KeyID != "" {
		info[wire.InfoSSECKeyID] = r.SSE.KeyID
	}
	return info
}

// uploadSmall stores a file by one request. Each attempt reads the content from
// its start.
func (c *Client) uploadSmall(ctx context.Context, req *UploadRequest) (*File, error) {
	var stored *File
	err := c.attempt(ctx, func(e *effort) error {
		if err := c.uploads.take(ctx); err != nil {
			return err
		}
		defer c.uploads.give()
		place, err := c.places.take(ctx, e, req.BucketID)
		if err != nil {
			return err
		}
		body := newContent(req.Content, 0, req.Size)
		body.check, body.progress = req.Check, req.Progress
		err = e.store(ctx, wire.CallUploadFile, place, req.header(), body, func(said []byte) error {
			if stored, err = scanFile(said); err != nil {
				err = notAnAnswer(said, err)
			}
			return err
		})
		if err != nil {
			return err // and the place is dropped
		}
		c.places.give(req.BucketID, place)
		return checkStored(stored, req, body.sum)
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// checkStored holds what the service says against what was sent.
func checkStored(f *File, req *UploadRequest, sum string) error {
	switch {
	case f.Name != req.Name:
		return fmt.Errorf("%w: %q was stored under the name %q", ErrChecksum, req.Name, f.Name)
	case f.Size != req.Size:
		return fmt.Errorf("%w: %q was stored with %d bytes instead of %d", ErrChecksum, req.Name, f.Size, req.Size)
	case sum != "" && f.SHA1 != sum:
		return fmt.Errorf("%w: %q was stored with the SHA-1 %q instead of %s", ErrChecksum, req.Name, f.SHA1, sum)
	case f.ID == "":
		return &Error{Call: wire.CallUploadFile, Cause: fmt.Errorf("%w: no file id in it", ErrAnswer)}
	}
	return nil
}

// header is what upload_file is told about the file.
func (r *UploadRequest) header() http.Header {
	h := http.Header{
		wire.HeaderFileName:    {wire.Escape(r.Name)},
		"Content-Type":         {r.ContentType},
		wire.HeaderContentSHA1: {wire.SHA1AtEnd},
	}
	for name, value := range r.Info {
		h.Set(wire.HeaderInfoPrefix+name, wire.Escape(value))
	}
	if r.SSE != nil && r.SSE.Mode == wire.SSEB2 {
		h.Set(wire.HeaderSSE, wire.AES256)
	}
	r.SSE.setKey(h)
	if r.Retention != nil && r.Retention.Mode != "" {
		h.Set(wire.HeaderRetentionMode, r.Retention.Mode)
		h.Set(wire.HeaderRetentionUntil, strconv.FormatInt(r.Retention.Until.UnixMilli(), 10))
	}
	if r.LegalHold != "" {
		h.Set(wire.HeaderLegalHold, r.LegalHold)
	}
	if r.CustomTimestamp != 0 {
		h.Set(wire.HeaderCustomTimestamp, strconv.FormatInt(r.CustomTimestamp, 10))
	}
	return h
}

// store makes one attempt at sending content to a place, and has the answer
// read.
func (e *effort) store(ctx context.Context, call string, to place, header http.Header, body *content, read func(said []byte) error) error {
	a, err := e.send(ctx, request{call: call, method: http.MethodPost, url: to.url, token: to.token,
		header: header, content: body})
	if err == nil {
		err = a.text(read)
	}
	if err != nil {
		body.takeBack()
	}
	return err
}
