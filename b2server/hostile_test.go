package b2server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// hostileServer is a server with a bucket and an upload URL, small enough to
// make for each fuzz worker once.
func hostileServer(t testing.TB, store Store) (s *Server, bucketID, auth, uploadPath, uploadAuth string) {
	t.Helper()
	s, err := New(Config{Store: store, MaintainEvery: -1, BodyTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	bucketID = strings.Repeat("ab", 12)
	if err := s.putBucket(&bucket{ID: bucketID, Name: "a-bucket", Type: "allPublic", LockEnabled: true}); err != nil {
		t.Fatal(err)
	}
	sign := func(kind tokenKind, nonce, subject string) string {
		return s.tokens.sign(token{Kind: kind, Expires: 1 << 50, Nonce: nonce, KeyID: s.account, Subject: subject})
	}
	nonce := newNonce()
	return s, bucketID, sign(tokenAccount, nonce, ""), fmt.Sprintf("/b2api/v4/b2_upload_file/%s/%x", bucketID, nonce), sign(tokenUpload, nonce, bucketID)
}

// FuzzCalls sends any body to any call: the answer is always a well-formed one,
// never a 500.
func FuzzCalls(f *testing.F) {
	s, bucketID, auth, _, _ := hostileServer(f, NewMemStore())
	names := make([]string, 0, len(specs))
	for name := range specs {
		names = append(names, name)
		f.Add(len(names)-1, byte(1), []byte(`{"accountId":"`+s.account+`","bucketId":"`+bucketID+`","fileName":"a","fileId":"4_z","capabilities":["listFiles"],"keyName":"x"}`), "")
		f.Add(len(names)-1, byte(4), []byte(nil), "bucketId="+bucketID+"&maxFileCount=3")
	}
	f.Fuzz(func(t *testing.T, n int, version byte, body []byte, query string) {
		name := names[max(0, n%len(names))]
		method := "POST"
		if len(body) == 0 {
			method = "GET"
		}
		r := httptest.NewRequest(method, fmt.Sprintf("/b2api/v%d/%s", version%5, name), bytes.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Authorization", auth)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %s: %d %s", method, r.URL, w.Code, w.Body)
		}
	})
}

// FuzzUpload sends any headers with an upload; what is stored can be listed
// and downloaded.
func FuzzUpload(f *testing.F) {
	s, _, _, path, auth := hostileServer(f, NewMemStore())
	f.Add("a%20b", "text/plain", "do_not_verify", "src_last_modified_millis", "123", []byte("x"))
	f.Add("a+b", "b2/x-auto", "hex_digits_at_end", "b2-expires", "%0A", []byte(strings.Repeat("a", 40)))
	f.Fuzz(func(t *testing.T, name, contentType, sha, infoName, info string, body []byte) {
		r := httptest.NewRequest("POST", path, bytes.NewReader(body))
		r.Header = http.Header{"Authorization": {auth}, "X-Bz-File-Name": {name}, "Content-Type": {contentType},
			"X-Bz-Content-Sha1": {sha}, "X-Bz-Info-" + infoName: {info}}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w.Code != 200 {
			return
		}
		stored, _ := wire.Unescape(name)
		get := httptest.NewRequest("GET", "/", nil)
		get.URL = &url.URL{Path: "/file/a-bucket/" + stored, RawPath: "/file/a-bucket/" + wire.Escape(stored)}
		down := httptest.NewRecorder()
		s.ServeHTTP(down, get)
		if down.Code != 200 {
			t.Fatalf("download of %q: %d %s", stored, down.Code, down.Body)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("/b2api/v4/b2_list_buckets")
	f.Add("/file/bucket/../..//x")
	f.Fuzz(func(t *testing.T, path string) {
		target := parsePath(path)
		if target.call != "" && (target.version < 1 || target.version > 4) {
			t.Errorf("%q: %+v", path, target)
		}
	})
}

func FuzzRange(f *testing.F) {
	f.Add("bytes=0-1", int64(10))
	f.Add("bytes=-1", int64(0))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		size = max(0, size)
		off, n, _, err := parseRange(header, size)
		if err == nil && (off < 0 || n < 0 || off+n > size) {
			t.Errorf("%q of %d: %d+%d", header, size, off, n)
		}
	})
}

func FuzzToken(f *testing.F) {
	g := newSigner([]byte("secret"))
	f.Add(g.sign(token{Kind: tokenAccount, Nonce: newNonce()}))
	f.Fuzz(func(t *testing.T, text string) {
		if tok, ok := g.parse(text); ok && g.sign(tok) != text {
			t.Errorf("%q was taken for a token", text)
		}
	})
}

// No byte of a token can be changed.
func TestTokensAreSigned(t *testing.T) {
	g := newSigner([]byte("secret"))
	want := token{Kind: tokenDownload, Expires: 7, Nonce: newNonce(), KeyID: "k", Subject: "bucket", Prefix: "p/", Options: "o"}
	text := g.sign(want)
	if got, ok := g.parse(text); !ok || got != want {
		t.Fatalf("got %+v, %v", got, ok)
	}
	for i := range text {
		for _, c := range []byte("Aa0-") {
			changed := text[:i] + string(c) + text[i+1:]
			if got, ok := g.parse(changed); ok && (got != want || changed != text) {
				t.Errorf("byte %d: %q was taken", i, changed)
			}
		}
	}
	if _, ok := newSigner([]byte("other")).parse(text); ok {
		t.Error("a token of another server was taken")
	}
}

func TestQueryBecomesJSON(t *testing.T) {
	got := string(queryToJSON(url.Values{"bucketId": {`a"b`}, "maxFileCount": {"7"}, "prefix": {"7"}, "unknown": {"x"}},
		reflect.TypeFor[wire.ListFileNamesRequest]()))
	if got != `{"bucketId":"a\"b","maxFileCount":7,"prefix":"7"}` {
		t.Errorf("got %s", got)
	}
	got = string(queryToJSON(url.Values{"bucketTypes": {"all,b"}, "accountId": {"x"}}, reflect.TypeFor[wire.ListBucketsRequest]()))
	if got != `{"accountId":"x","bucketTypes":["all","b"]}` {
		t.Errorf("got %s", got)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s, _, auth, _, _ := hostileServer(t, NewMemStore())
	web := httptest.NewServer(s)
	defer web.Close()
	post := func(body io.Reader) int {
		r, _ := http.NewRequest("POST", web.URL+"/b2api/v4/b2_list_buckets", body)
		r.Header.Set("Authorization", auth)
		res, err := web.Client().Do(r)
		if err != nil {
			return 0 // the server hung up, which will do
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	if got := post(strings.NewReader(strings.Repeat("[", maxJSONDepth+1))); got != 400 {
		t.Errorf("deep: %d", got)
	}
	big := `{"accountId":"` + strings.Repeat("x", maxJSONBody) + `"}`
	if got := post(strings.NewReader(big)); got != 400 && got != 0 {
		t.Errorf("large: %d", got)
	}
	if got := post(io.MultiReader(strings.NewReader(big))); got != 400 && got != 0 { // chunked
		t.Errorf("large, of unknown length: %d", got)
	}
}

// Lines that are no HTTP at all, and headers without end.
func TestRawConnections(t *testing.T) {
	s, _, _, _, _ := hostileServer(t, NewMemStore())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := NewHTTPServer(s)
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	for _, raw := range []string{
		"\x00\x01\x02\r\n\r\n",
		"GET /file/a-bucket/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET //file//../.. HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /b2api/v4/b2_list_buckets HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: "+strings.Repeat("y", 1000)+"\r\n", 100) + "\r\n",
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(conn, raw)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode < 400 {
			t.Errorf("%.40q: %v %v", raw, res, err)
		}
		_ = conn.Close()
	}
}

// fullStore is a store on a full disk.
type fullStore struct{ Store }

func (s fullStore) CreateBlob(id BlobID, size int64) (BlobWriter, error) {
	w, err := s.Store.CreateBlob(id, size)
	return fullWriter{w}, err
}

type fullWriter struct{ BlobWriter }

func (fullWriter) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
}

func TestFullDiskIsAnAnswer(t *testing.T) {
	store := openDisk(t, t.TempDir())
	s, _, _, path, auth := hostileServer(t, fullStore{store})
	r := httptest.NewRequest("POST", path, strings.NewReader(strings.Repeat("x", 5000)))
	r.Header = http.Header{"Authorization": {auth}, "X-Bz-File-Name": {"n"}, "Content-Type": {"text/plain"}, "X-Bz-Content-Sha1": {"do_not_verify"}}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 503 || !strings.Contains(w.Body.String(), "not enough space") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	n := 0
	_ = store.eachFile(objectsDir, func(string, string) error { n++; return nil })
	if n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func uploadHere(s *Server, path, auth, name, content string) int {
	r := httptest.NewRequest("POST", path, strings.NewReader(content))
	r.Header = http.Header{"Authorization": {auth}, "X-Bz-File-Name": {name}, "Content-Type": {"text/plain"}, "X-Bz-Content-Sha1": {"do_not_verify"}}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

// What was cut off on disk is an error answer, not a broken connection.
func TestDamagedContentIsAnAnswer(t *testing.T) {
	store := openDisk(t, t.TempDir())
	s, _, _, path, auth := hostileServer(t, store)
	if got := uploadHere(s, path, auth, "n", strings.Repeat("x", 5000)); got != 200 {
		t.Fatalf("upload: %d", got)
	}
	_ = store.eachFile(objectsDir, func(path, _ string) error { return os.Truncate(store.path(path), 100) })
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/file/a-bucket/n", nil))
	if w.Code != 500 || !strings.Contains(w.Body.String(), wire.CodeInternalError) || w.Header().Get(wire.HeaderFileID) != "" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
}
