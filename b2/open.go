package b2

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bowline-sync/bowline/internal/wire"
)

// OpenRequest names a version to be read as a stream: by ID, or the newest of
// Name in the bucket.
type OpenRequest struct {
	ID           string
	Bucket, Name string // the bucket's name, not its id; for a request without ID
	Offset       int64  // first byte
	Length       int64  // bytes; 0 is to the end
	SSE          *SSE   // the key, for SSE-C
	SkipHash     bool   // leave the hash unchecked
}

// Object is content being read, and the version that it is of. It must be
// closed.
type Object struct {
	File
	stream *stream
	hash   hash.Hash // nil when only a part is read, nothing is known to compare with, or nobody asks
}

// Open starts reading. A body that breaks is gone on with at its last byte; the
// hash is checked when a whole object was read to its end, and what does not
// match ends in ErrChecksum instead of io.EOF.
//
// An open object counts among the client's Downloads. Content that is shorter
// than Offset is an error of status 416.
func (c *Client) Open(ctx context.Context, req OpenRequest) (*Object, error) {
	s := c.newStream(ctx, req.ID, req.Offset, -1, req.SSE)
	s.bucket, s.name = req.Bucket, req.Name
	if req.Length > 0 {
		s.end = req.Offset + req.Length
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	o := &Object{File: s.file, stream: s}
	if req.Offset == 0 && req.Length == 0 && !req.SkipHash && o.ContentSHA1() != "" {
		o.hash = sha1.New()
	}
	return o, nil
}

// Read reads content. It waits out what can be retried.
func (o *Object) Read(p []byte) (int, error) {
	n, err := o.stream.Read(p)
	if o.hash == nil {
		return n, err
	}
	o.hash.Write(p[:n])
	if err == io.EOF {
		if sum := hexSum(o.hash); sum != o.ContentSHA1() {
			return n, fmt.Errorf("%w: %q was read with the SHA-1 %s instead of %s", ErrChecksum, o.Name, sum, o.ContentSHA1())
		}
	}
	return n, err
}

// Close ends the reading. It never fails.
func (o *Object) Close() error {
	o.stream.close()
	return nil
}

// Stat looks a version up, by ID or the newest of Name, as a download would
// find it. Unlike FileInfo it can go by name. Offset and Length do not matter.
func (c *Client) Stat(ctx context.Context, req OpenRequest) (*File, error) {
	s := c.newStream(ctx, req.ID, 0, -1, req.SSE)
	s.bucket, s.name, s.method = req.Bucket, req.Name, http.MethodHead
	if err := s.open(); err != nil {
		return nil, err
	}
	s.close()
	return &s.file, nil
}

// A stream reads bytes of one version in their order. When a body breaks it
// goes on, by the version's id, at the byte where it broke.
type stream struct {
	c      *Client
	ctx    context.Context
	effort *effort
	method string

	id           string // "" until the first answer, when a name was asked for
	bucket, name string
	sse          *SSE
	off, end     int64 // next byte, first byte beyond; end is -1 for all until the first answer
	file         File  // what the first answer says
	known        bool  // there was a first answer
	closed       bool

	body  *answer // nil between attempts
	moved int64   // bytes since the last sign of life
}

func (c *Client) newStream(ctx context.Context, id string, off, end int64, sse *SSE) *stream {
	return &stream{c: c, ctx: ctx, effort: c.newEffort(), method: http.MethodGet, id: id, off: off, end: end, sse: sse}
}

// open makes attempts until there is a body to read.
func (s *stream) open() error {
	for s.body == nil {
		err := s.connect()
		if err != nil {
			err = s.effort.again(s.ctx, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enoughMoved is after how many bytes a stream is working again, and earlier
// failures are forgotten.
const enoughMoved = 64 << 10

// Read reads from the body, and from the next one if it breaks.
func (s *stream) Read(p []byte) (int, error) {
	for {
		switch {
		case s.closed:
			return 0, fs.ErrClosed
		case len(p) == 0:
			return 0, nil
		case s.known && s.off == s.end && s.body == nil:
			return 0, io.EOF
		}
		if err := s.open(); err != nil {
			return 0, err
		}
		n, err := s.body.Read(p[:min(int64(len(p)), s.end-s.off)])
		s.off += int64(n)
		if s.moved += int64(n); s.moved >= enoughMoved {
			s.effort.moved()
			s.effort.moving = true
			s.moved = 0
		}
		switch {
		case s.off == s.end:
			s.finish(nil)
			return n, io.EOF
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			if err := s.effort.again(s.ctx, s.finish(err)); err != nil {
				return n, err
			}
		}
		if n > 0 {
			return n, nil
		}
	}
}

// finish ends the attempt, and gives its slot back.
func (s *stream) finish(err error) error {
	body := s.body
	s.body = nil
	s.c.downloads.give()
	return body.end(err)
}

// close ends a stream wherever it is.
func (s *stream) close() {
	if s.body != nil {
		s.finish(nil)
	}
	s.closed = true
}

// connect makes one attempt at getting a body.
func (s *stream) connect() (err error) {
	if err := s.c.downloads.take(s.ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.c.downloads.give()
		}
	}()
	account, err := s.c.account(s.ctx, s.effort)
	if err != nil {
		return err
	}
	r := request{method: s.method, token: account.Token, header: http.Header{}}
	if s.id != "" {
		r.call = wire.CallDownloadByID
		r.url = account.DownloadURL + apiPath + r.call + "?fileId=" + url.QueryEscape(s.id)
	} else {
		r.call = wire.CallDownloadByName
		r.url = account.DownloadURL + "/file/" + wire.Escape(s.bucket) + "/" + wire.Escape(s.name)
	}
	ranged := s.off > 0 || s.end >= 0
	if ranged {
		r.header.Set("Range", byteRange(s.off, s.end))
	}
	s.sse.setKey(r.header)
	a, err := s.effort.send(s.ctx, r)
	if err != nil {
		return s.c.distrust(account, err)
	}
	if err := s.accept(a, ranged); err != nil {
		err = fmt.Errorf("%w: %w", ErrAnswer, err)
		if !described(a.Header) {
			err = &garbledError{err}
		}
		return a.end(err)
	}
	s.body = a
	return nil
}

func byteRange(off, end int64) string {
	if end < 0 {
		return fmt.Sprintf("bytes=%d-", off)
	}
	return fmt.Sprintf("bytes=%d-%d", off, end-1)
}

// accept checks that an answer brings the bytes asked for, of the version asked
// for.
func (s *stream) accept(a *answer, ranged bool) error {
	from, size := int64(0), a.ContentLength
	if a.StatusCode == http.StatusPartialContent {
		var err error
		if from, size, err = contentRange(a.Header.Get("Content-Range"), a.ContentLength); err != nil {
			return err
		}
	}
	id := a.Header.Get(wire.HeaderFileID)
	switch {
	case !described(a.Header):
		return errors.New("content that is not said to be any version's")
	case a.ContentLength < 0:
		return errors.New("content without a length")
	case (a.StatusCode == http.StatusPartialContent) != ranged || from != s.off:
		return errors.New("content of another range than the one asked for")
	case s.id != "" && id != "" && id != s.id:
		return errors.New("content of another version than the one asked for")
	case s.id == "" && id == "":
		return errors.New("content without a file id")
	case s.known && size != s.file.Size:
		return errors.New("content that changes its size")
	}
	end := s.off + a.ContentLength
	if s.known && end != s.end || s.end >= 0 && end != min(s.end, size) {
		return errors.New("content of another length than the one asked for")
	}
	if !s.known {
		s.known, s.end = true, end
		s.file = fileOfHeader(a.Header, size)
		if s.id == "" {
			s.id = id
		}
		s.file.ID = s.id
	}
	return nil
}

// described says whether the header of a download tells of a version: that of a
// page which somebody else has answered with does not.
func described(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, "X-Bz-") {
			return true
		}
	}
	return false
}

// contentRange reads "bytes a-b/total" of an answer with a body of that length.
func contentRange(s string, length int64) (from, total int64, err error) {
	var to int64
	if _, err := fmt.Sscanf(s, "bytes %d-%d/%d", &from, &to, &total); err != nil || from < 0 || to >= total || to-from+1 != length {
		return 0, 0, fmt.Errorf("a Content-Range %.60q that does not fit its content", s)
	}
	return from, total, nil
}

// fileOfHeader is the version that the header of a download describes.
func fileOfHeader(h http.Header, size int64) File {
	f := File{Action: ActionUpload, Size: size, ContentType: h.Get("Content-Type"), SSEMode: sseOfHeader(h),
		RetentionMode: h.Get(wire.HeaderRetentionMode), LegalHold: h.Get(wire.HeaderLegalHold) == onOff(true),
		HoldLifted: h.Get(wire.HeaderLegalHold) == onOff(false), Replication: h.Get(wire.HeaderReplication)}
	f.Name, _ = wire.Unescape(h.Get(wire.HeaderFileName))
	f.SHA1, f.Unverified = parseSHA1(h.Get(wire.HeaderContentSHA1))
	f.Uploaded, _ = strconv.ParseInt(h.Get(wire.HeaderUploadTimestamp), 10, 64)
	f.RetainUntil, _ = strconv.ParseInt(h.Get(wire.HeaderRetentionUntil), 10, 64)
	withheld := h.Get(wire.HeaderUnauthorized)
	f.RetentionUnseen = strings.Contains(withheld, wire.HeaderRetentionMode)
	f.HoldUnseen = strings.Contains(withheld, wire.HeaderLegalHold)
	info := map[string]string{}
	for name, values := range h {
		if key, ok := strings.CutPrefix(name, wire.HeaderInfoPrefix); ok && len(values) > 0 {
			if value, err := wire.Unescape(values[0]); err == nil {
				info[strings.ToLower(key)] = value
			}
		}
	}
	for name, header := range plainHeaders {
		if value := h.Get(header); value != "" {
			info[name] = value
		}
	}
	f.setInfo(info)
	return f
}

// plainHeaders are the entries of a file's info that a download shows as a
// header of its own.
var plainHeaders = map[string]string{
	wire.InfoDisposition:  "Content-Disposition",
	wire.InfoLanguage:     "Content-Language",
	wire.InfoExpires:      "Expires",
	wire.InfoCacheControl: "Cache-Control",
	wire.InfoEncoding:     "Content-Encoding",
}
