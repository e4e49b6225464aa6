package b2server

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// spec says how a call is served.
type spec struct {
	capability string // that an account token must have; "" = the handler checks tokens itself
	serve      handler
	direct     bool // content or a login, not a JSON call: GET and POST mean what the handler says
}

// specs are all calls of the API.
var specs = map[string]spec{
	wire.CallAuthorize:      {serve: (*call).authorize, direct: true},
	wire.CallUploadFile:     {serve: (*call).uploadFile, direct: true},
	wire.CallUploadPart:     {serve: (*call).uploadPart, direct: true},
	wire.CallDownloadByID:   {serve: (*call).downloadByID, direct: true},
	wire.CallDownloadByName: {serve: (*call).downloadByName, direct: true},

	wire.CallCancelLarge:      {wire.CapWriteFiles, jsonCall((*call).cancelLargeFile), false},
	wire.CallCopyFile:         {wire.CapWriteFiles, jsonCall((*call).copyFile), false},
	wire.CallCopyPart:         {wire.CapWriteFiles, jsonCall((*call).copyPart), false},
	wire.CallCreateBucket:     {wire.CapWriteBuckets, jsonCall((*call).createBucket), false},
	wire.CallCreateKey:        {wire.CapWriteKeys, jsonCall((*call).createKey), false},
	wire.CallDeleteBucket:     {wire.CapDelBuckets, jsonCall((*call).deleteBucket), false},
	wire.CallDeleteVersion:    {wire.CapDeleteFiles, jsonCall((*call).deleteFileVersion), false},
	wire.CallDeleteKey:        {wire.CapDeleteKeys, jsonCall((*call).deleteKey), false},
	wire.CallFinishLarge:      {wire.CapWriteFiles, jsonCall((*call).finishLargeFile), false},
	wire.CallGetNotifications: {"readBucketNotifications", jsonCall((*call).getNotifications), false},
	wire.CallGetDownloadAuth:  {wire.CapShareFiles, jsonCall((*call).getDownloadAuthorization), false},
	wire.CallGetFileInfo:      {wire.CapReadFiles, jsonCall((*call).getFileInfo), false},
	wire.CallGetUploadPartURL: {wire.CapWriteFiles, jsonCall((*call).getUploadPartURL), false},
	wire.CallGetUploadURL:     {wire.CapWriteFiles, jsonCall((*call).getUploadURL), false},
	wire.CallHideFile:         {wire.CapWriteFiles, jsonCall((*call).hideFile), false},
	wire.CallListBuckets:      {wire.CapListBuckets, jsonCall((*call).listBuckets), false},
	wire.CallListNames:        {wire.CapListFiles, jsonCall((*call).listFileNames), false},
	wire.CallListVersions:     {wire.CapListFiles, jsonCall((*call).listFileVersions), false},
	wire.CallListKeys:         {wire.CapListKeys, jsonCall((*call).listKeys), false},
	wire.CallListParts:        {wire.CapWriteFiles, jsonCall((*call).listParts), false},
	wire.CallListUnfinished:   {wire.CapListFiles, jsonCall((*call).listUnfinished), false},
	wire.CallSetNotifications: {"writeBucketNotifications", jsonCall((*call).setNotifications), false},
	wire.CallStartLarge:       {wire.CapWriteFiles, jsonCall((*call).startLargeFile), false},
	wire.CallUpdateBucket:     {wire.CapWriteBuckets, jsonCall((*call).updateBucket), false},
	wire.CallUpdateLegalHold:  {"writeFileLegalHolds", jsonCall((*call).updateLegalHold), false},
	wire.CallUpdateRetention:  {"writeFileRetentions", jsonCall((*call).updateRetention), false},
}

// target is what the path of a request names.
type target struct {
	call    string // "" is none
	version int
	rest    string // escaped, as it came
}

// uploads says that the handler reads the body piece by piece.
func (t target) uploads() bool { return t.call == wire.CallUploadFile || t.call == wire.CallUploadPart }

// parsePath reads the escaped path, without cleaning or decoding it: names of
// files may contain "//" and "..".
func parsePath(path string) target {
	if rest, ok := strings.CutPrefix(path, "/file/"); ok {
		return target{wire.CallDownloadByName, 4, rest}
	}
	rest, ok := strings.CutPrefix(path, "/b2api/v")
	if !ok || len(rest) < 2 || rest[0] < '1' || rest[0] > '4' || rest[1] != '/' {
		return target{}
	}
	name, after, _ := strings.Cut(rest[2:], "/")
	if _, ok := specs[name]; !ok {
		return target{}
	}
	t := target{name, int(rest[0] - '0'), after}
	if name == wire.CallDownloadByName {
		return target{} // exists as /file/ only
	}
	return t
}

// CallName answers the name of the call that a request makes, such as
// b2_upload_file, or "" for a request that is none.
func CallName(r *http.Request) string { return parsePath(r.URL.EscapedPath()).call }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	now := s.cfg.Clock()
	w.Header()["Date"] = s.date.header(now)
	path := r.URL.EscapedPath()
	t := parsePath(path)
	c := &call{s: s, r: r, name: t.call, version: t.version, rest: t.rest, now: now,
		w: response{ResponseWriter: w, head: r.Method == http.MethodHead, patience: s.cfg.BodyTimeout}}
	res := &c.w
	if r.ContentLength != 0 && !t.uploads() {
		res.awaitBody() // net/http reads what the handler leaves, with the patience that it finds
	}
	if t.call == "" {
		s.serveOther(res, r, path)
		return
	}
	defer s.done(c, began)
	v, err := c.serve()
	if err == nil {
		err = c.answer(v)
	}
	if err == nil {
		return
	}
	if errors.Is(err, errClientGone) {
		panic(http.ErrAbortHandler)
	}
	if r.ContentLength != 0 {
		res.awaitBody() // as above, for uploads
	}
	res.fail(s.asAPIError(t.call, err))
}

// serve checks what all calls have in common, in the order in which clients
// must see it, and runs the handler.
func (c *call) serve() (any, error) {
	spec := specs[c.name]
	if c.r.Method == http.MethodOptions {
		return nil, c.preflight()
	}
	if err := c.checkMethod(spec); err != nil {
		return nil, err
	}
	c.allowOrigin()
	if err := c.disturb(); err != nil {
		return nil, err
	}
	if spec.capability != "" {
		if err := c.authenticate(spec.capability); err != nil {
			return nil, err
		}
	}
	if err := c.count(wire.ClassOf[c.name]); err != nil {
		return nil, err
	}
	return spec.serve(c)
}

// checkMethod refuses methods that a call does not have. Every JSON call can
// be made by GET and by POST.
func (c *call) checkMethod(spec spec) error {
	m := c.r.Method
	ok := m == http.MethodGet || m == http.MethodPost
	switch c.name {
	case wire.CallUploadFile, wire.CallUploadPart:
		ok = m == http.MethodPost
	case wire.CallDownloadByName:
		ok = m == http.MethodGet || m == http.MethodHead
	case wire.CallDownloadByID:
		ok = ok || m == http.MethodHead
	}
	if ok {
		return nil
	}
	return fail(http.StatusMethodNotAllowed, wire.CodeMethodNotAllowed, "method %s is not allowed for %s", m, c.name)
}

// authenticate checks the account token and what its key may do.
func (c *call) authenticate(capability string) error {
	_, k, err := c.s.token(header(c.r.Header, "Authorization"), c.now, string(tokenAccount))
	if err != nil {
		return err
	}
	c.key = k
	return c.require(capability)
}

// disturb slows a call down or fails it, as the configuration says.
func (c *call) disturb() error {
	if c.s.cfg.Latency != nil {
		sleep(c.r.Context(), c.s.cfg.Latency(c.name))
	}
	if c.s.dice.strikes() {
		return fail(http.StatusServiceUnavailable, wire.CodeServiceUnavailable, "a random fault was configured")
	}
	return nil
}

// serveOther serves what is not the API.
func (s *Server) serveOther(w *response, r *http.Request, path string) {
	switch path {
	case "/healthz":
		s.serveHealth(w)
	case "/metrics":
		s.metrics.handler.ServeHTTP(w, r)
	case "/":
		s.servePage(w, r)
	default:
		w.fail(notFound("there is nothing at this address"))
	}
}

// serveHealth answers whether the index can be read.
func (s *Server) serveHealth(w http.ResponseWriter) {
	err := s.store.View(func(tx Tx) error { tx.Get(tableMeta, accountKey); return nil })
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		s.log.Error("the store cannot be read", slog.Any("error", err))
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("the store cannot be read\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
