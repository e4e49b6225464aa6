package b2server

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/bowline-sync/bowline/internal/wire"
)

// overrides are the query parameters that replace headers of a download, in
// the order in which their digest is made, and the file info that sets the same.
var overrides = [...]struct{ query, header, info string }{
	{"b2ContentDisposition", "Content-Disposition", wire.InfoDisposition},
	{"b2ContentLanguage", "Content-Language", wire.InfoLanguage},
	{"b2Expires", "Expires", wire.InfoExpires},
	{"b2CacheControl", "Cache-Control", wire.InfoCacheControl},
	{"b2ContentEncoding", "Content-Encoding", wire.InfoEncoding},
	{"b2ContentType", "Content-Type", ""},
}

// digestOverrides is what a download token remembers of its overrides: "" for
// none.
func digestOverrides(value func(name string) (string, bool)) string {
	var all []byte
	for _, o := range overrides {
		if v, ok := value(o.query); ok {
			all = appendBytes(appendBytes(all, o.query), v)
		}
	}
	if all == nil {
		return ""
	}
	sum := sha256.Sum256(all)
	return string(sum[:])
}

// downloadAuthorizationRequest tells a prefix that is "", for all names, from
// one that was forgotten.
type downloadAuthorizationRequest struct {
	wire.DownloadAuthorizationRequest
	FileNamePrefix *string `json:"fileNamePrefix"`
}

func (c *call) getDownloadAuthorization(req *downloadAuthorizationRequest) (any, error) {
	b, err := c.bucket(req.BucketID)
	if err != nil {
		return nil, err
	}
	if req.FileNamePrefix == nil {
		return nil, badRequest("required field fileNamePrefix is missing; \"\" is for all files")
	}
	prefix := *req.FileNamePrefix
	if !c.key.allowsName(prefix) {
		return nil, unauthorized("fileNamePrefix must begin with the key's prefix")
	}
	if len(prefix) > wire.MaxFileName {
		return nil, badRequest("fileNamePrefix is longer than a file name")
	}
	const week = 7 * 24 * 3600
	if req.ValidDurationInSeconds < 1 || req.ValidDurationInSeconds > week {
		return nil, badRequest("validDurationInSeconds must be 1 to %d", week)
	}
	given := map[string]*string{
		"b2ContentDisposition": req.ContentDisposition, "b2ContentLanguage": req.ContentLanguage,
		"b2Expires": req.Expires, "b2CacheControl": req.CacheControl,
		"b2ContentEncoding": req.ContentEncoding, "b2ContentType": req.ContentType,
	}
	for _, o := range overrides {
		if text := given[o.query]; text != nil && !validReserved(o.info, *text) {
			return nil, badRequest("%s is not valid in its header", o.query)
		}
	}
	digest := digestOverrides(func(name string) (string, bool) { return value(given[name]), given[name] != nil })
	tok := c.s.tokens.sign(token{Kind: tokenDownload, Expires: c.now.UnixMilli() + 1000*req.ValidDurationInSeconds,
		Nonce: newNonce(), KeyID: c.key.ID, Subject: b.ID, Prefix: prefix, Options: digest})
	return wire.DownloadAuthorizationResponse{BucketID: b.ID, FileNamePrefix: prefix, AuthorizationToken: tok}, nil
}

// downloadByName serves /file/<bucket>/<name>.
func (c *call) downloadByName() (any, error) {
	bucketName, escaped, ok := strings.Cut(c.rest, "/")
	name, err := wire.Unescape(escaped)
	if err != nil || !ok || name == "" {
		return nil, badRequest("the path must be /file/<bucket>/<percent-encoded file name>")
	}
	tok, err := c.downloadToken("ad")
	if err != nil {
		return nil, err
	}
	b := c.s.buckets.byName(bucketName)
	if b == nil {
		return nil, notFound("Bucket %s does not exist", bucketName)
	}
	if err := c.mayDownload(b, name, tok); err != nil {
		return nil, err
	}
	raw, _ := rawBucket(b.ID)
	var v *version
	err = c.s.store.View(func(tx Tx) (err error) {
		v, err = current(tx, raw, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if v == nil || v.Action != actionUpload {
		return nil, notFound("File with such name does not exist.")
	}
	return nil, c.download(b, v)
}

// downloadByID serves b2_download_file_by_id.
func (c *call) downloadByID() (any, error) {
	var req wire.FileIDRequest
	if c.r.Method == http.MethodPost {
		if err := c.decode(&req); err != nil {
			return nil, err
		}
	} else {
		req.FileID = c.r.URL.Query().Get("fileId")
	}
	tok, err := c.downloadToken("a")
	if err != nil {
		return nil, err
	}
	var v *version
	err = c.s.store.View(func(tx Tx) (err error) {
		v, err = find(tx, req.FileID)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case v == nil || v.Action != actionUpload:
		if tok == nil {
			return nil, fail(http.StatusUnauthorized, wire.CodeMissingAuthToken, "Authorization token is missing")
		}
		return nil, notFound("File not present: %s", req.FileID)
	}
	b := c.s.buckets.byID(v.Bucket)
	if b == nil {
		return nil, notFound("File not present: %s", req.FileID)
	}
	if err := c.mayDownload(b, v.Name, tok); err != nil {
		return nil, err
	}
	return nil, c.download(b, v)
}

// downloadToken checks the token of a download, from the header or the query;
// nil when there is none.
func (c *call) downloadToken(kinds string) (*token, error) {
	text := header(c.r.Header, "Authorization")
	if text == "" {
		text = c.r.URL.Query().Get("Authorization")
	}
	if text == "" {
		return nil, nil
	}
	t, k, err := c.s.token(text, c.now, kinds)
	if err != nil {
		return nil, err
	}
	c.key = k
	return &t, nil
}

// mayDownload checks a download against the token, or against the bucket when
// there is none.
func (c *call) mayDownload(b *bucket, name string, tok *token) error {
	query := c.r.URL.Query()
	digest := digestOverrides(func(name string) (string, bool) { return query.Get(name), query.Has(name) })
	switch {
	case tok == nil && b.Type != wire.AllPublic:
		return fail(http.StatusUnauthorized, wire.CodeMissingAuthToken, "Authorization token is missing")
	case tok == nil && digest != "":
		return unauthorized("overriding headers needs an authorization token")
	case tok == nil:
		return nil
	case tok.Kind == tokenDownload:
		if tok.Subject != b.ID || !strings.HasPrefix(name, tok.Prefix) || tok.Options != "" && tok.Options != digest {
			return unauthorized("the token does not cover this download")
		}
		return nil
	case b.Type == wire.AllPublic:
		return nil
	case !c.key.can(wire.CapReadFiles) || !c.key.allowsBucket(b.ID) || !c.key.allowsName(name):
		return unauthorized("not allowed to read this file")
	}
	return nil
}

// download answers the content of a version, or a range of it.
func (c *call) download(b *bucket, v *version) error {
	sse, err := sseFromHeaders(c.r.Header)
	if err != nil {
		return err
	}
	if v.Seal.Mode != sseC && sse.mode == sseB2 {
		sse.mode = sseNone
	}
	if err := sse.check(&v.Seal); err != nil {
		return err
	}
	off, n, partial, err := parseRange(header(c.r.Header, "Range"), v.Size)
	if err != nil {
		return err
	}
	if err := c.downloadHeaders(b, v); err != nil {
		return err
	}
	h := c.w.Header()
	h["Content-Length"] = []string{strconv.FormatInt(n, 10)}
	status := http.StatusOK
	if partial {
		status = http.StatusPartialContent
		h["Content-Range"] = []string{"bytes " + strconv.FormatInt(off, 10) + "-" +
			strconv.FormatInt(off+n-1, 10) + "/" + strconv.FormatInt(v.Size, 10)}
	}
	if c.r.Method == http.MethodHead {
		c.w.WriteHeader(status)
		return nil
	}
	if err := c.downloadCap(n); err != nil {
		clear(h)
		return err
	}
	return c.send(v, &sse, status, off, n)
}

// send moves content to the client.
func (c *call) send(v *version, sse *sseRequest, status int, off, n int64) error {
	from, err := c.s.content(v, sse)
	if err != nil {
		return err
	}
	r, err := from.reader(off, n)
	if err != nil {
		clear(c.w.Header())
		return err
	}
	defer r.Close()
	chunk := chunks.Get().(*chunk)
	defer chunks.Put(chunk)
	k, err := readPiece(r, chunk.buf, n)
	if err != nil { // damage at the front can still be told
		clear(c.w.Header())
		return err
	}
	c.w.WriteHeader(status)
	for ; n > 0 && err == nil; k, err = readPiece(r, chunk.buf, n) {
		c.s.bandwidth.wait(c.r.Context(), k)
		c.w.awaitReader()
		if _, err := c.w.Write(chunk.buf[:k]); err != nil {
			return errClientGone
		}
		n -= int64(k)
	}
	return err // the header has gone: fail drops the connection
}

// readPiece reads some of the n bytes that are left; none are no error.
func readPiece(r io.Reader, buf []byte, n int64) (int, error) {
	if n == 0 {
		return 0, nil
	}
	return r.Read(buf[:min(n, int64(len(buf)))])
}

// errClientGone says that nobody is left to answer.
var errClientGone = errors.New("the client went away")

// downloadHeaders sets all headers but those of the range.
func (c *call) downloadHeaders(b *bucket, v *version) error {
	h := c.w.Header()
	h["Accept-Ranges"] = []string{"bytes"}
	h["Content-Type"] = []string{v.ContentType}
	h[wire.HeaderFileID] = []string{v.id()}
	h[wire.HeaderFileName] = []string{wire.Escape(v.Name)}
	h[wire.HeaderUploadTimestamp] = []string{strconv.FormatInt(v.Time, 10)}
	h[wire.HeaderContentSHA1] = []string{v.SHA1}
	if cache := b.Info["Cache-Control"]; cache != "" && validHeaderValue(cache) {
		h["Cache-Control"] = []string{cache}
	} else if cache := b.Info["cache-control"]; cache != "" && validHeaderValue(cache) {
		h["Cache-Control"] = []string{cache}
	}
	for _, p := range v.Info {
		if header := infoHeader(p.Name); header != "" {
			h[header] = []string{p.Value}
		} else {
			h[wire.HeaderInfoPrefix+p.Name] = []string{wire.Escape(p.Value)}
		}
	}
	switch v.Seal.Mode {
	case sseB2:
		h[wire.HeaderSSE] = []string{wire.AES256}
	case sseC:
		h[wire.HeaderSSECAlg] = []string{wire.AES256}
		h[wire.HeaderSSECMD5] = []string{v.Seal.KeyMD5}
	}
	if v.Replication != replicationNone {
		h[wire.HeaderReplication] = []string{v.Replication.String()}
	}
	c.lockHeaders(v)
	if strings.Contains(header(c.r.Header, "Accept"), "text/html") {
		h["Content-Security-Policy"] = foreignOrigin
	}
	return c.override(b, v)
}

// foreignOrigin has a browser that opens a stored page treat it as of an origin
// of its own. On the service downloads have a host to themselves; here a page
// that anybody stored could otherwise act with the key that was given to the
// page at "/".
var foreignOrigin = []string{"sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"}

// lockHeaders shows the protection of a version to those who may read it, and
// tells the others what was withheld.
func (c *call) lockHeaders(v *version) {
	h := c.w.Header()
	var withheld []string
	if v.Lock.Mode != lockNone {
		if c.key.can("readFileRetentions") {
			h[wire.HeaderRetentionMode] = []string{v.Lock.Mode.String()}
			h[wire.HeaderRetentionUntil] = []string{strconv.FormatInt(v.Lock.Until, 10)}
		} else {
			withheld = append(withheld, wire.HeaderRetentionMode, wire.HeaderRetentionUntil)
		}
	}
	if v.Lock.Hold != holdUnset {
		if c.key.can("readFileLegalHolds") {
			h[wire.HeaderLegalHold] = []string{v.Lock.Hold.String()}
		} else {
			withheld = append(withheld, wire.HeaderLegalHold)
		}
	}
	if withheld != nil {
		h[wire.HeaderUnauthorized] = []string{strings.Join(withheld, ",")}
	}
}

// override replaces headers by what the query says.
func (c *call) override(b *bucket, v *version) error {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	query := c.r.URL.Query()
	total := len(v.Name) + v.infoSize()
	limit := infoLimit(v.Seal.Mode == sseC || b.LockEnabled)
	for _, o := range overrides {
		if !query.Has(o.query) {
			continue
		}
		text := query.Get(o.query)
		if !validReserved(o.info, text) {
			return badRequest("%s is not valid in its header", o.query)
		}
		if total += len(text); total > limit {
			return badRequest("file name, file info and overrides are longer than %d bytes", limit)
		}
		c.w.Header()[o.header] = []string{text}
	}
	return nil
}

// parseRange reads a Range header for content of this size. Several ranges, or
// another unit, mean the whole.
func parseRange(header string, size int64) (off, n int64, partial bool, err error) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok || strings.Contains(spec, ",") {
		return 0, size, false, nil
	}
	first, last, ok := strings.Cut(spec, "-")
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	if !ok || first == "" && last == "" {
		return 0, size, false, nil
	}
	if first == "" {
		suffix, bad := parseOffset(last)
		if bad {
			return 0, size, false, nil
		}
		if suffix == 0 || size == 0 {
			return 0, 0, false, badRange()
		}
		n = min(suffix, size)
		return size - n, n, true, nil
	}
	from, bad1 := parseOffset(first)
	to, bad2 := size-1, false
	if last != "" {
		to, bad2 = parseOffset(last)
	}
	switch {
	case bad1 || bad2 || last != "" && to < from:
		return 0, size, false, nil
	case from >= size:
		return 0, 0, false, badRange()
	}
	to = min(to, size-1)
	return from, to - from + 1, true, nil
}

// parseOffset reads a number of a range. One beyond all files is the largest.
func parseOffset(s string) (n int64, bad bool) {
	u, err := strconv.ParseUint(s, 10, 63)
	return int64(u), err != nil && !errors.Is(err, strconv.ErrRange)
}

func badRange() *apiError {
	return fail(http.StatusRequestedRangeNotSatisfiable, wire.CodeRangeNotSatisfiable,
		"The Range in the request is outside the size of the file")
}
