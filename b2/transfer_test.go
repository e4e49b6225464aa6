package b2

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

func sumOf(b []byte) string {
	s := sha1.Sum(b)
	return hex.EncodeToString(s[:])
}

func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// received checks the body of an upload as the service does, and takes the
// trailing hash off.
func received(t *testing.T, r *http.Request) []byte {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // a short body: nothing is stored
	}
	if r.Header.Get("X-Bz-Content-Sha1") != "hex_digits_at_end" || r.ContentLength != int64(len(body)) || len(body) < 40 {
		t.Errorf("body of %d bytes announced as %d, %v", len(body), r.ContentLength, r.Header)
		panic(http.ErrAbortHandler)
	}
	content := body[:len(body)-40]
	if string(body[len(content):]) != sumOf(content) {
		t.Error("the trailing hash is not that of the content")
	}
	return content
}

// stores answers upload_file as the API documents it, and keeps the content.
func stores(t *testing.T, to *[]byte) handler {
	return func(w http.ResponseWriter, r *http.Request) {
		content := received(t, r)
		name, err := wire.Unescape(r.Header.Get("X-Bz-File-Name"))
		want(t, err, nil)
		*to = content
		say(w, 200, fmt.Sprintf(`{"action":"upload","fileId":"4_z1","fileName":%q,"contentLength":%d,"contentSha1":%q,"uploadTimestamp":1}`,
			name, len(content), sumOf(content)))
	}
}

func small(content string) UploadRequest {
	return UploadRequest{BucketID: "b", Name: "a b+c/ü", Content: strings.NewReader(content), Size: int64(len(content))}
}

func TestUploadSmall(t *testing.T) {
	f := newFake(t)
	var stored []byte
	var header http.Header
	store := stores(t, &stored)
	f.when(wire.CallUploadFile, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		store(w, r)
	})
	req := small("hello")
	req.ModTime, req.Info = new(int64(1767323000123)), map[string]string{"author": "Jo & ü"}
	checks, moved := 0, int64(0)
	req.Check = func() error { checks++; return nil }
	req.Progress = func(n int64) { moved += n }
	req.SSE = &SSE{Mode: "SSE-C", Key: new([32]byte), KeyID: "label"}
	req.Retention, req.LegalHold = &Retention{"governance", time.UnixMilli(1767323999000)}, "on"
	got, err := f.client().Upload(t.Context(), req)
	want(t, err, nil)
	want(t, string(stored), "hello")
	want(t, got.ID, "4_z1")
	want(t, []int64{int64(checks), moved}, []int64{1, 5})
	for name, value := range map[string]string{
		"Authorization": "up", "X-Bz-File-Name": "a%20b%2Bc/%C3%BC", "Content-Type": "b2/x-auto", "Content-Length": "45",
		"X-Bz-Info-Author": "Jo%20%26%20%C3%BC", "X-Bz-Info-Src_last_modified_millis": "1767323000123",
		"X-Bz-Info-Sse_c_key_id": "label", "X-Bz-Server-Side-Encryption-Customer-Algorithm": "AES256",
		"X-Bz-Server-Side-Encryption-Customer-Key":     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"X-Bz-Server-Side-Encryption-Customer-Key-Md5": "cLyN8M2Flx5jnAqpXPF34w==",
		"X-Bz-File-Retention-Mode":                     "governance", "X-Bz-File-Retention-Retain-Until-Timestamp": "1767323999000",
		"X-Bz-File-Legal-Hold": "on",
	} {
		if name == "X-Bz-Server-Side-Encryption-Customer-Key-Md5" {
			if header.Get(name) == "" {
				t.Error("no MD5 of the key")
			}
			continue
		}
		want(t, name+": "+header.Get(name), name+": "+value)
	}
	if a := header.Get("User-Agent"); !strings.HasPrefix(a, "bowline/") || !strings.Contains(a, "+go/") {
		t.Errorf("User-Agent %q", a)
	}
}

func TestUploadURLsAreReused(t *testing.T) {
	f := newFake(t)
	var stored []byte
	f.when(wire.CallUploadFile, stores(t, &stored))
	c := f.client()
	for range 5 {
		if _, err := c.Upload(t.Context(), small("x")); err != nil {
			t.Fatal(err)
		}
	}
	want(t, f.count(wire.CallGetUploadURL), 1)
}

func TestUploadFailures(t *testing.T) {
	for _, tt := range []struct {
		name    string
		first   handler
		urls    int           // upload URLs asked for
		waits   time.Duration // at least
		within  time.Duration
		failing bool
	}{
		{"busy", refuses(503, "service_unavailable", "busy"), 2, 0, 0, false},
		{"slow", refuses(408, "request_timeout", ""), 2, 0, 0, false},
		{"expired", refuses(401, "expired_auth_token", ""), 2, 0, 0, false},
		{"reset", drop, 2, 0, 0, false},
		{"in use", refuses(400, "auth_token_limit", "more than one upload using auth token x"), 2, 0, 0, false},
		{"too many", refuses(429, "too_many_requests", ""), 2, time.Second, 2 * time.Second, false},
		{"damaged", refuses(400, "bad_request", "Checksum did not match data received"), 2, 0, 0, false},
		{"no answer", hangs, 2, answerTime, answerTime, false},
		{"stalled", func(w http.ResponseWriter, r *http.Request) { time.Sleep(10 * time.Minute) }, 2, stallTime, answerTime, false},
		{"cap", refuses(403, "storage_cap_exceeded", ""), 1, 0, 0, true},
		{"bad name", refuses(400, "bad_request", "bad name"), 1, 0, 0, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			var stored []byte
			f.when(wire.CallUploadFile, inTurn(tt.first, stores(t, &stored)))
			content := strings.Repeat("content ", 1200)
			moved := int64(0)
			req := small(content)
			req.Progress = func(n int64) { moved += n }
			began := time.Now()
			_, err := f.client().Upload(t.Context(), req)
			if (err != nil) != tt.failing {
				t.Errorf("%s: %v", tt.name, err)
			}
			if tt.name == "cap" && !errors.Is(err, ErrCapExceeded) {
				t.Errorf("%s: %v", tt.name, err)
			}
			if err == nil && (string(stored) != content || moved != int64(len(content))) {
				t.Errorf("%s: %d bytes stored, %d moved", tt.name, len(stored), moved)
			}
			if n := f.count(wire.CallGetUploadURL); n != tt.urls {
				t.Errorf("%s: %d upload URLs, want %d", tt.name, n, tt.urls)
			}
			took(t, began, tt.waits, tt.within)
		})
	}
}

func TestChecksumIsRefusedFiveTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallUploadFile, refuses(400, "bad_request", "Checksum did not match data received"))
		if _, err := f.client().Upload(t.Context(), small("x")); err == nil {
			t.Error("no error")
		}
		want(t, f.count(wire.CallUploadFile), 5)
		want(t, f.count(wire.CallGetUploadURL), 5)
	})
}

func TestUploadIsAbandoned(t *testing.T) {
	f := newFake(t)
	stored := []byte("nothing")
	f.when(wire.CallUploadFile, stores(t, &stored))
	changed := errors.New("the file changed")
	req := small("hello")
	req.Check = func() error { return changed }
	c := f.client()
	if _, err := c.Upload(t.Context(), req); err != changed {
		t.Errorf("got %v, want the error of Check as it is", err)
	}
	req = small("hello")
	req.Size = 10
	if _, err := c.Upload(t.Context(), req); !errors.Is(err, ErrShortContent) {
		t.Errorf("got %v, want ErrShortContent", err)
	}
	broken := errors.New("disk error")
	req.Content = readerAt(func([]byte, int64) (int, error) { return 0, broken })
	if _, err := c.Upload(t.Context(), req); err != broken {
		t.Errorf("got %v, want the source's error", err)
	}
	want(t, string(stored), "nothing")
}

type readerAt func([]byte, int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

func TestUploadResultIsChecked(t *testing.T) {
	for _, answer := range []string{
		`{"action":"upload","fileId":"1","fileName":"other","contentLength":1,"contentSha1":"11f6ad8ec52a2984abaafd7c3b516503785c2072"}`,
		`{"action":"upload","fileId":"1","fileName":"x","contentLength":2,"contentSha1":"11f6ad8ec52a2984abaafd7c3b516503785c2072"}`,
		`{"action":"upload","fileId":"1","fileName":"x","contentLength":1,"contentSha1":"21f6ad8ec52a2984abaafd7c3b516503785c2072"}`,
		`{"action":"upload","fileId":"1","fileName":"x","contentLength":1}`,
		`{"action":"upload","fileName":"x","contentLength":1,"contentSha1":"11f6ad8ec52a2984abaafd7c3b516503785c2072"}`,
	} {
		f := newFake(t)
		f.when(wire.CallUploadFile, func(w http.ResponseWriter, r *http.Request) { received(t, r); say(w, 200, answer) })
		req := small("x")
		req.Name = "x"
		if _, err := f.client().Upload(t.Context(), req); !errors.Is(err, ErrChecksum) && !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestUploadNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "a/b": true, "ü/自由 😀": true, strings.Repeat("x", 1024): true, ".": true, "a/../b": true,
		"": false, "/a": false, "a/": false, "a//b": false, `a\b`: false, "a\nb": false, "a\x7f": false, "a\xff": false,
		strings.Repeat("x", 1025): false,
	} {
		if err := CheckUploadName(name); (err == nil) != ok || err != nil && !errors.Is(err, ErrName) {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	f := newFake(t)
	var stored []byte
	f.when(wire.CallUploadFile, stores(t, &stored))
	marker := UploadRequest{BucketID: "b", Name: "folder/", Content: strings.NewReader("")}
	if _, err := f.client().Upload(t.Context(), marker); err != nil {
		t.Errorf("a folder marker: %v", err)
	}
}

func TestPartSize(t *testing.T) {
	const mb = 1_000_000
	account := &Account{MinPartSize: 5 * mb, RecommendedPartSize: 100 * mb}
	for _, tt := range []struct {
		size, asked int64
		slots       int
		want        int64
	}{
		{100 * mb, 0, 10, 0}, {100*mb + 1, 0, 10, 16 * mb}, {400 * mb, 0, 10, 40 * mb}, {4000 * mb, 0, 10, 100 * mb},
		{400 * mb, 0, 1, 100 * mb}, {10_000_000 * mb, 0, 10, 1000 * mb}, {200 * mb, 0, 100, 16 * mb},
		{5 * mb, 5 * mb, 10, 0}, {5*mb + 1, 5 * mb, 10, 5 * mb}, {100_000 * mb, 5 * mb, 10, 10 * mb},
	} {
		got, err := partSize(account, tt.size, tt.asked, tt.slots)
		if got != tt.want || err != nil {
			t.Errorf("%d bytes, asked %d, %d slots: %d, %v; want %d", tt.size, tt.asked, tt.slots, got, err, tt.want)
		}
		if got > 0 && (tt.size+got-1)/got > 10_000 {
			t.Errorf("%d bytes: more than 10,000 parts", tt.size)
		}
	}
	if _, err := partSize(account, mb, mb, 1); err == nil {
		t.Error("parts smaller than the least are accepted")
	}
}

// A partStore plays the large-file calls for one file.
type partStore struct {
	t        *testing.T
	mu       sync.Mutex
	start    StartLargeFileRequest
	parts    map[int][]byte
	whole    []byte
	finished bool
}

func (s *partStore) script(f *fake) {
	s.parts = map[int][]byte{}
	f.when(wire.CallStartLarge, func(w http.ResponseWriter, r *http.Request) {
		s.start = bodyOf[StartLargeFileRequest](s.t, r)
		say(w, 200, `{"action":"start","fileId":"L","fileName":"big","contentLength":0,"contentSha1":"none"}`)
	})
	f.when(wire.CallUploadPart, s.part)
	f.when(wire.CallFinishLarge, s.finish)
}

func (s *partStore) part(w http.ResponseWriter, r *http.Request) {
	content := received(s.t, r)
	n, _ := strconv.Atoi(r.Header.Get("X-Bz-Part-Number"))
	s.mu.Lock()
	s.parts[n] = content
	s.mu.Unlock()
	say(w, 200, fmt.Sprintf(`{"fileId":"L","partNumber":%d,"contentLength":%d,"contentSha1":%q,"uploadTimestamp":1}`, n, len(content), sumOf(content)))
}

func (s *partStore) finish(w http.ResponseWriter, r *http.Request) {
	req := bodyOf[wire.FinishLargeFileRequest](s.t, r)
	for i, sum := range req.PartSHA1Array {
		if sumOf(s.parts[i+1]) != sum {
			s.t.Errorf("part %d announced as %s", i+1, sum)
		}
		s.whole = append(s.whole, s.parts[i+1]...)
	}
	want(s.t, len(s.parts), len(req.PartSHA1Array))
	s.finished = true
	say(w, 200, fmt.Sprintf(`{"action":"upload","fileId":"L","fileName":"big","contentLength":%d,"contentSha1":"none"}`, len(s.whole)))
}

func TestUploadLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := &partStore{t: t}
		s.script(f)
		f.when(wire.CallUploadPart, inTurn(drop, refuses(503, "service_unavailable", ""), s.part))
		content := noise(54_321)
		var moved atomic.Int64
		checked := false
		got, err := f.client().Upload(t.Context(), UploadRequest{BucketID: "b", Name: "big", Content: bytes.NewReader(content),
			Size: int64(len(content)), ModTime: new(int64(5)), Progress: func(n int64) { moved.Add(n) },
			Check: func() error { checked = !s.finished; return nil }})
		want(t, err, nil)
		want(t, bytes.Equal(s.whole, content), true)
		want(t, []any{got.ID, moved.Load(), checked}, []any{"L", int64(len(content)), true})
		want(t, s.start.FileInfo, map[string]string{"large_file_sha1": sumOf(content), "src_last_modified_millis": "5"})
	})
}

func TestUploadLargeThatFails(t *testing.T) {
	for _, name := range []string{"refused", "changed", "left"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			s := &partStore{t: t}
			s.script(f)
			f.when(wire.CallCancelLarge, answers(`{"fileId":"L"}`))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req := UploadRequest{BucketID: "b", Name: "big", Content: bytes.NewReader(noise(50_000)), Size: 50_000, NoLargeSHA1: true}
			changed := errors.New("changed")
			cancels := 1
			switch name {
			case "refused":
				f.when(wire.CallUploadPart, refuses(400, "bad_request", "No active upload for: L"))
			case "changed":
				req.Check = func() error { return changed }
			case "left":
				f.when(wire.CallUploadPart, func(w http.ResponseWriter, r *http.Request) { cancel(); drop(w, r) })
				cancels = 0
			}
			_, err := f.client().Upload(ctx, req)
			if err == nil || s.finished || name == "changed" && err != changed || name == "left" && !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
			if n := f.count(wire.CallCancelLarge); n != cancels {
				t.Errorf("%s: cancelled %d times, want %d", name, n, cancels)
			}
			if len(s.start.FileInfo) != 0 {
				t.Errorf("announced with %v", s.start.FileInfo)
			}
		})
	}
}

// serves answers downloads of content as the API documents them.
func serves(content []byte, header map[string]string) handler {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Bz-File-Id", "4_z1")
		h.Set("X-Bz-File-Name", "a%20b%2Bc")
		h.Set("X-Bz-Content-Sha1", sumOf(content))
		h.Set("X-Bz-Upload-Timestamp", "1767323045000")
		h.Set("Content-Type", "text/plain")
		for name, value := range header {
			h.Set(name, value)
		}
		part, status := content, 200
		var from, to int
		if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); n > 0 {
			if n == 1 || to >= len(content) {
				to = len(content) - 1
			}
			part, status = content[from:to+1], 206
			h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(content)))
		}
		h.Set("Content-Length", strconv.Itoa(len(part)))
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			w.Write(part)
		}
	}
}

// cutAfter breaks the connection after n bytes of the answer's body; with hang
// it only stops.
func cutAfter(n int, hang bool, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) {
		h(&cutter{w, n, hang, r.Context()}, r)
	}
}

type cutter struct {
	http.ResponseWriter
	left int
	hang bool
	ctx  context.Context
}

func (c *cutter) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	c.ResponseWriter.Write(p[:c.left])
	c.ResponseWriter.(http.Flusher).Flush()
	if c.hang {
		<-c.ctx.Done()
	}
	panic(http.ErrAbortHandler)
}

// memory is a Target.
type memory struct {
	mu sync.Mutex
	b  []byte
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if end := int(off) + len(p); end > len(m.b) {
		m.b = append(m.b, make([]byte, end-len(m.b))...)
	}
	return copy(m.b[off:], p), nil
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.NewReader(m.b).ReadAt(p, off)
}

func TestDownload(t *testing.T) {
	content := noise(3_000_000)
	for _, tt := range []struct {
		name    string
		streams int
		script  handler
		least   time.Duration
	}{
		{"one stream", 1, serves(content, nil), 0},
		{"ranges", 4, serves(content, nil), 0},
		{"cut", 1, inTurn(cutAfter(1_000_000, false, serves(content, nil)), cutAfter(10, false, serves(content, nil)), serves(content, nil)), 0},
		{"ranges cut", 3, inTurn(cutAfter(1000, false, serves(content, nil)), cutAfter(2000, false, serves(content, nil)), serves(content, nil)), 0},
		{"cut again and again, but further on each time", 1, cutAfter(70_000, false, serves(content, nil)), 0},
		{"stalled", 1, inTurn(cutAfter(7, true, serves(content, nil)), serves(content, nil)), stallTime},
		{"busy", 2, inTurn(refuses(503, "service_unavailable", ""), serves(content, nil)), 0},
		{"damaged", 2, inTurn(serves(noise(len(content)), nil), serves(content, nil)), 0},
		{"expired", 1, inTurn(refuses(401, "expired_auth_token", ""), serves(content, nil)), 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.when(wire.CallDownloadByID, tt.script)
			to := new(memory)
			var moved atomic.Int64
			began := time.Now()
			got, err := f.client().Download(t.Context(), DownloadRequest{File: &File{ID: "4_z1", Name: "x", Size: int64(len(content)), SHA1: sumOf(content)},
				To: to, Streams: tt.streams, Progress: func(n int64) { moved.Add(n) }})
			if err != nil || got != (DownloadResult{sumOf(content), true}) || !bytes.Equal(to.b, content) || moved.Load() != int64(len(content)) {
				t.Errorf("%s: %+v, %v, %d bytes moved", tt.name, got, err, moved.Load())
			}
			took(t, began, tt.least, tt.least+10*time.Second)
		})
	}
}

func TestDownloadHashes(t *testing.T) {
	content := []byte("hello")
	sum := sumOf(content)
	for _, tt := range []struct {
		file     File
		header   map[string]string
		verified bool
		wrong    bool
	}{
		{File{}, nil, true, false},
		{File{}, map[string]string{"X-Bz-Content-Sha1": "unverified:" + sum}, true, false},
		{File{}, map[string]string{"X-Bz-Content-Sha1": "none"}, false, false},
		{File{}, map[string]string{"X-Bz-Content-Sha1": "none", "X-Bz-Info-Large_file_sha1": sum}, true, false},
		{File{}, map[string]string{"X-Bz-Content-Sha1": sumOf(nil)}, false, true},
		{File{SHA1: sumOf(nil)}, nil, false, true},
		{File{info: `{"large_file_sha1":"` + sumOf(nil) + `"}`}, nil, false, true},
		{File{SHA1: sum}, map[string]string{"X-Bz-File-Id": "another"}, false, true},
		{File{SHA1: sum, Size: -1}, nil, false, true},
	} {
		f := newFake(t)
		f.when(wire.CallDownloadByID, serves(content, tt.header))
		tt.file.ID = "4_z1"
		tt.file.Size += int64(len(content))
		got, err := f.client().Download(t.Context(), DownloadRequest{File: &tt.file, To: new(memory)})
		if (err != nil) != tt.wrong || err == nil && got.Verified != tt.verified {
			t.Errorf("%+v, %v: %+v, %v", tt.file, tt.header, got, err)
		}
		if err != nil && !errors.Is(err, ErrChecksum) && !errors.Is(err, ErrAnswer) {
			t.Errorf("%+v: %v", tt.file, err)
		}
	}
}

func TestDownloadOfWhatIsGone(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallDownloadByID, refuses(404, "not_found", "gone"))
	_, err := f.client().Download(t.Context(), DownloadRequest{File: &File{ID: "x", Size: 1}, To: new(memory)})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := noise(500_000)
		f := newFake(t)
		f.when(wire.CallDownloadByName, func(w http.ResponseWriter, r *http.Request) {
			want(t, r.URL.EscapedPath(), "/file/photos/a%20b%2Bc")
			cutAfter(100_000, false, serves(content, map[string]string{"X-Bz-Info-Colour": "d%C3%BCnn"}))(w, r)
		})
		f.when(wire.CallDownloadByID, serves(content, nil))
		c := f.client()
		o, err := c.Open(t.Context(), OpenRequest{Bucket: "photos", Name: "a b+c"})
		if err != nil {
			t.Fatal(err)
		}
		want(t, []any{o.ID, o.Name, o.Size, o.ContentType, o.Uploaded}, []any{"4_z1", "a b+c", int64(len(content)), "text/plain", int64(1767323045000)})
		want(t, o.Info(), map[string]string{"colour": "dünn"})
		one := make([]byte, 1)
		io.ReadFull(o, one)
		time.Sleep(time.Hour) // a paused reader is no stall
		rest, err := io.ReadAll(o)
		want(t, err, nil)
		want(t, bytes.Equal(append(one, rest...), content), true)
		o.Close()
		if _, err := o.Read(one); err == nil {
			t.Error("a closed object can be read")
		}

		o, err = c.Open(t.Context(), OpenRequest{ID: "4_z1", Offset: 10, Length: 5})
		want(t, err, nil)
		if err := iotest.TestReader(o, content[10:15]); err != nil {
			t.Error(err)
		}
		o.Close()

		f.when(wire.CallDownloadByID, serves(content, map[string]string{"X-Bz-Content-Sha1": sumOf(nil)}))
		o, err = c.Open(t.Context(), OpenRequest{ID: "4_z1"})
		want(t, err, nil)
		if _, err := io.ReadAll(o); !errors.Is(err, ErrChecksum) {
			t.Errorf("got %v, want ErrChecksum", err)
		}
		o.Close()
		file, err := c.Stat(t.Context(), OpenRequest{ID: "4_z1"})
		want(t, err, nil)
		want(t, file.Size, int64(len(content)))
	})
}

func TestCopy(t *testing.T) {
	f := newFake(t)
	var asked wire.CopyFileRequest
	f.when(wire.CallCopyFile, func(w http.ResponseWriter, r *http.Request) {
		asked = bodyOf[wire.CopyFileRequest](t, r)
		say(w, 200, `{"action":"copy","fileId":"c","fileName":"new","contentLength":7,"contentSha1":"`+sumOf([]byte("x"))+`"}`)
	})
	c := f.client()
	_, err := c.Copy(t.Context(), CopyRequest{Source: &File{ID: "s", Size: 7, SHA1: sumOf([]byte("x"))}, BucketID: "b", Name: "new",
		Replace: true, ContentType: "image/png", Info: map[string]string{"a": "1"}})
	want(t, err, nil)
	want(t, asked, wire.CopyFileRequest{SourceFileID: "s", FileName: "new", DestinationBucketID: new("b"),
		MetadataDirective: new("REPLACE"), ContentType: new("image/png"), FileInfo: map[string]string{"a": "1"}})
	if _, err := c.Copy(t.Context(), CopyRequest{Source: &File{ID: "s", Size: 8}, BucketID: "b", Name: "new"}); !errors.Is(err, ErrChecksum) {
		t.Errorf("a copy of another size: %v", err)
	}
}

func TestCopyLarge(t *testing.T) {
	f := newFake(t)
	const size = 6_000_000_001
	var start StartLargeFileRequest
	var mu sync.Mutex
	covered := int64(0)
	f.when(wire.CallStartLarge, func(w http.ResponseWriter, r *http.Request) {
		start = bodyOf[StartLargeFileRequest](t, r)
		say(w, 200, `{"action":"start","fileId":"L","fileName":"new"}`)
	})
	f.when(wire.CallCopyPart, func(w http.ResponseWriter, r *http.Request) {
		req := bodyOf[wire.CopyPartRequest](t, r)
		var from, to int64
		fmt.Sscanf(*req.Range, "bytes=%d-%d", &from, &to)
		mu.Lock()
		covered += to - from + 1
		mu.Unlock()
		say(w, 200, fmt.Sprintf(`{"fileId":"L","partNumber":%d,"contentLength":%d,"contentSha1":"%040d"}`, req.PartNumber, to-from+1, req.PartNumber))
	})
	f.when(wire.CallFinishLarge, func(w http.ResponseWriter, r *http.Request) {
		req := bodyOf[wire.FinishLargeFileRequest](t, r)
		for i, sum := range req.PartSHA1Array {
			want(t, sum, fmt.Sprintf("%040d", i+1))
		}
		say(w, 200, fmt.Sprintf(`{"action":"upload","fileId":"L","fileName":"new","contentLength":%d,"contentSha1":"none"}`, int64(size)))
	})
	_, err := f.client().Copy(t.Context(), CopyRequest{Source: &File{ID: "s", Size: size, ContentType: "image/png", info: `{"a":"1"}`}, BucketID: "b", Name: "new"})
	want(t, err, nil)
	want(t, covered, int64(size))
	want(t, start, StartLargeFileRequest{BucketID: "b", FileName: "new", ContentType: "image/png", FileInfo: map[string]string{"a": "1"}})
}

func TestUploadsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.cfg.Uploads = 3
		var now, most atomic.Int64
		f.when(wire.CallUploadFile, func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), now.Add(1)))
			content := received(t, r)
			time.Sleep(time.Second)
			now.Add(-1)
			say(w, 200, fmt.Sprintf(`{"action":"upload","fileId":"1","fileName":"x","contentLength":%d,"contentSha1":%q}`, len(content), sumOf(content)))
		})
		c := f.client()
		var all sync.WaitGroup
		for range 9 {
			all.Go(func() {
				req := small("x")
				req.Name = "x"
				if _, err := c.Upload(t.Context(), req); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want(t, most.Load(), 3)
		want(t, f.count(wire.CallGetUploadURL), 3)
	})
}

func BenchmarkUploadBody(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			src := bytes.NewReader(noise(size))
			_, dog, cancel := watch(b.Context(), time.Hour)
			defer cancel(nil)
			buf := make([]byte, 32<<10)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				c := newContent(src, 0, int64(size))
				c.dog = dog
				for {
					if _, err := c.Read(buf); err != nil {
						break
					}
				}
				c.stop()
			}
		})
	}
}
