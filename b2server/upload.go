package b2server

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/bowline-sync/bowline/internal/wire"
)

func (c *call) getUploadURL(req *wire.UploadURLRequest) (any, error) {
	b, err := c.bucket(req.BucketID)
	if err != nil {
		return nil, err
	}
	if err := c.storageCap(0); err != nil {
		return nil, err
	}
	url, token := c.uploadTarget(wire.CallUploadFile, tokenUpload, b.ID)
	return wire.UploadURLResponse{BucketID: b.ID, UploadURL: url, AuthorizationToken: token}, nil
}

// uploadTarget makes a URL and the token that is good there and nowhere else.
func (c *call) uploadTarget(call string, kind tokenKind, subject string) (url, tok string) {
	nonce := newNonce()
	url = fmt.Sprintf("%s/b2api/v%d/%s/%s/%s", c.baseURL(), c.version, call, subject, hex.EncodeToString([]byte(nonce)))
	tok = c.s.tokens.sign(token{Kind: kind, Expires: c.expiry(c.s.cfg.TokenLife), Nonce: nonce, KeyID: c.key.ID, Subject: subject})
	return url, tok
}

// uploading checks the token of an upload against its URL and marks it as busy,
// until the caller frees it. Nothing of the body has been read yet.
func (c *call) uploading(kind tokenKind) (token, error) {
	text := header(c.r.Header, "Authorization")
	t, k, err := c.s.token(text, c.now, string(kind))
	if err != nil {
		return token{}, err
	}
	inURL, nonce, _ := strings.Cut(c.rest, "/")
	var hexNonce [2 * nonceSize]byte
	hex.Encode(hexNonce[:], []byte(t.Nonce))
	if inURL != t.Subject || nonce != string(hexNonce[:]) {
		return token{}, badToken()
	}
	c.key = k
	if !c.s.busy.take(t.Nonce) {
		return token{}, fail(http.StatusBadRequest, wire.CodeAuthTokenLimit, "more than one upload using auth token %s", text)
	}
	return t, nil
}

// uploadFile stores a small file.
func (c *call) uploadFile() (any, error) {
	t, err := c.uploading(tokenUpload)
	if err != nil {
		return nil, err
	}
	defer c.s.busy.free(t.Nonce)
	if err := c.failedByTest(); err != nil {
		return nil, err
	}
	b := c.s.buckets.byID(t.Subject)
	if b == nil {
		return nil, noBucket(t.Subject)
	}
	v, sse, custom, err := c.announced(b)
	if err != nil {
		return nil, err
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	if v.Number, err = c.s.store.NextID(); err != nil {
		return nil, err
	}
	const md5Limit = 16 << 20 // beyond it the MD5 would cost more than all the rest
	st, err := c.s.keep(BlobID{File: v.Number}, body, body.size, &sse, body.size <= md5Limit, body.check)
	if err != nil {
		return nil, body.failure(err)
	}
	v.Size, v.MD5, v.Seal, v.SHA1 = st.size, st.md5, st.seal, body.answer(st.sha1)
	v.Replication = b.replicationOf(v)
	err = c.s.store.Update(func(tx Tx) error { return insert(tx, v, custom) })
	if err != nil {
		_ = c.s.store.RemoveBlob(BlobID{File: v.Number})
		return nil, err
	}
	c.s.usage.stored.Add(v.Size)
	c.s.notifier.send(b, eventUpload, v, c.now)
	return c.answerFile(v, "")
}

// announced reads the headers of an upload into a version.
func (c *call) announced(b *bucket) (v *version, sse sseRequest, custom bool, err error) {
	h := c.r.Header
	name, err := wire.Unescape(header(h, wire.HeaderFileName))
	if err != nil {
		return nil, sse, false, badRequest("the file name is not percent-encoded")
	}
	if err := c.mayWrite(name); err != nil {
		return nil, sse, false, err
	}
	v = &version{Bucket: b.ID, Name: name, Time: c.now.UnixMilli(), Action: actionUpload}
	if v.ContentType, err = contentType(header(h, "Content-Type"), name); err != nil {
		return nil, sse, false, err
	}
	if v.Info, err = infoFromHeaders(h); err != nil {
		return nil, sse, false, err
	}
	if sse, err = sseFromHeaders(h); err != nil {
		return nil, sse, false, err
	}
	if err := checkInfo(name, v.Info, sse.mode != sseNone || b.LockEnabled); err != nil {
		return nil, sse, false, err
	}
	if sse.mode == sseNone {
		sse.mode = b.defaultSSE()
	}
	wanted, err := lockFromHeaders(h)
	if err != nil {
		return nil, sse, false, err
	}
	if v.Lock, err = c.lock(wanted, b, c.key); err != nil {
		return nil, sse, false, err
	}
	ms, err := parseCustomTime(header(h, wire.HeaderCustomTimestamp))
	if err == nil {
		err = c.customTime(ms)
	}
	if err == nil && ms != nil {
		v.Time, custom = *ms, true
	}
	return v, sse, custom, err
}

// body is the content of an upload: the request's body without the hash that
// may trail it.
type body struct {
	c     *call
	size  int64
	want  string // 40 hex digits, once known; "" when nobody checks
	atEnd bool
}

const hexSHA1 = 40

// body reads the headers that say how long the content is and what its hash
// must be.
func (c *call) body() (*body, error) {
	b := &body{c: c, size: c.r.ContentLength}
	if b.size < 0 {
		return nil, &apiError{status: http.StatusBadRequest, code: wire.CodeBadRequest,
			message: "Missing header: Content-Length", closing: true}
	}
	switch given := header(c.r.Header, wire.HeaderContentSHA1); {
	case given == "":
		return nil, badRequest("Missing header: %s", wire.HeaderContentSHA1)
	case given == wire.SHA1NotVerified:
	case given == wire.SHA1AtEnd:
		if b.size < hexSHA1 {
			return nil, badRequest("the body is shorter than the SHA1 at its end")
		}
		b.size -= hexSHA1
		b.atEnd = true
	default:
		want, err := parseSHA1(given)
		if err != nil {
			return nil, err
		}
		b.want = want
	}
	if b.size > wire.MaxSinglePart {
		return nil, badRequest("the content is longer than %d bytes", int64(wire.MaxSinglePart))
	}
	return b, c.storageCap(b.size)
}

func parseSHA1(s string) (string, error) {
	if len(s) != hexSHA1 {
		return "", badRequest("sha1 is wrong length: %d", len(s))
	}
	var sum [hexSHA1 / 2]byte
	if _, err := hex.Decode(sum[:], []byte(s)); err != nil {
		return "", badRequest("not a valid hex SHA1")
	}
	return strings.ToLower(s), nil
}

// Read implements io.Reader. Every chunk has BodyTimeout to arrive; a client
// that trickles is cut off.
func (b *body) Read(p []byte) (int, error) {
	b.c.w.awaitBody()
	n, err := io.ReadFull(b.c.r.Body, p)
	b.c.s.bandwidth.wait(b.c.r.Context(), n)
	return n, err
}

// check compares the hash of what came with what was announced, or with what
// trails the content.
func (b *body) check(sha1 string) error {
	if b.atEnd {
		var tail [hexSHA1]byte
		if _, err := b.Read(tail[:]); err != nil {
			return err
		}
		want, err := parseSHA1(string(tail[:]))
		if err != nil {
			return err
		}
		b.want = want
	}
	b.c.w.bodyRead()
	if b.want != "" && b.want != sha1 {
		return badRequest("Checksum did not match data received")
	}
	return nil
}

// answer is the contentSha1 of what was stored.
func (b *body) answer(sha1 string) string {
	if b.want == "" {
		return wire.SHA1Unverified + sha1
	}
	return sha1
}

// failure is the error of keep as the client sees it: what is not the store's
// fault is the body's.
func (b *body) failure(err error) error {
	if _, ok := errors.AsType[*apiError](err); ok {
		return err
	}
	if isStorage(err) {
		return err
	}
	return badBody(err)
}

// failedByTest fails every third upload whose client asks for failures.
func (c *call) failedByTest() error {
	switch {
	case c.testMode(wire.TestForceCap):
		return capExceeded()
	case c.testMode(wire.TestFailUploads) && c.s.every(3, &c.s.failedUploads):
		return fail(http.StatusServiceUnavailable, wire.CodeServiceUnavailable, "%s is too busy", "test mode")
	}
	return nil
}

// testMode says whether the client asks for a mode. blazer sends one header for
// each that it wants.
func (c *call) testMode(mode string) bool {
	return slices.Contains(c.r.Header[wire.HeaderTestMode], mode)
}
