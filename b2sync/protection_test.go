package b2sync_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// TestUnforeseenLock: a version that the service refuses to delete, though the
// listing did not say why, is dealt with as a locked one: hidden if the source
// lacks its name, counted, no failure, and no reason to authorise again.
func TestUnforeseenLock(t *testing.T) {
	l := newLab(t)
	l.write("src/kept", "new", moment(9))
	l.put("kept", "old", moment(1))
	l.put("gone", "g", moment(1))
	l.server.Fail("b2_delete_file_version", 2, b2test.Answer(http.StatusUnauthorized, "access_denied", 0))
	l.server.ResetCalls()
	out := l.clean(l.folder("src"), l.at(""), b2sync.Options{Extraneous: b2sync.ExtraneousDeleted})
	want(t, "versions", l.versions(), "gone hide 0", "gone upload 1", "kept upload 3", "kept upload 3")
	if out.Retained != 2 || out.Failed != 0 {
		t.Errorf("retained %d, failed %d: %q", out.Retained, out.Failed, out.lines)
	}
	if n := l.server.Calls()["b2_authorize_account"]; n != 0 {
		t.Errorf("authorised %d times more", n)
	}
}

// keyWatch notes which requests carry a customer's key.
type keyWatch struct {
	http.RoundTripper
	mu   sync.Mutex
	keys map[string]bool // by what the request is about
}

func (w *keyWatch) RoundTrip(r *http.Request) (*http.Response, error) {
	about, keyed := "", false
	switch call := b2server.CallName(r); call {
	case "b2_download_file_by_id":
		about, keyed = "download "+r.URL.Query().Get("fileId"), r.Header.Get("X-Bz-Server-Side-Encryption-Customer-Key") != ""
	case "b2_copy_file":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		_, id, _ := strings.Cut(string(body), `"sourceFileId":"`)
		id, _, _ = strings.Cut(id, `"`)
		_, source, _ := strings.Cut(string(body), `"sourceServerSideEncryption":{`)
		source, _, _ = strings.Cut(source, "}")
		about, keyed = "copy "+id, strings.Contains(source, "customerKey")
	}
	if about != "" {
		w.mu.Lock()
		w.keys[about] = keyed
		w.mu.Unlock()
	}
	return w.RoundTripper.RoundTrip(r)
}

// TestKeyGoesWithItsVersionsOnly: an SSE-C key is sent for versions that are
// listed as SSE-C, and for no others.
func TestKeyGoesWithItsVersionsOnly(t *testing.T) {
	l := newLab(t)
	sse := &b2.SSE{Mode: "SSE-C", Key: &[32]byte{1}}
	secret, err := l.client.Upload(t.Context(), b2.UploadRequest{BucketID: l.bucket.ID, Name: "secret", SSE: sse, Content: strings.NewReader("s"), Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	plain := l.put("plain", "p", moment(1))
	cfg := l.server.ClientConfig()
	watch := &keyWatch{RoundTripper: cfg.Transport, keys: map[string]bool{}}
	cfg.Transport = watch
	l.client = b2.New(cfg)

	l.clean(l.at(""), l.folder("dst"), b2sync.Options{SourceSSE: sse})
	other := b2sync.Bucket(l.client, l.makeBucket("other-bucket"), "")
	l.clean(l.at(""), other, b2sync.Options{SourceSSE: sse})
	expect := map[string]bool{
		"download " + secret.ID: true, "download " + plain.ID: false, "copy " + secret.ID: true, "copy " + plain.ID: false,
	}
	if !maps.Equal(watch.keys, expect) {
		t.Errorf("keys were sent with %v, want %v", watch.keys, expect)
	}
}

// TestHashThatLies: a large file whose info names another hash than its bytes
// have is reported with the way out, which takes it as it is.
func TestHashThatLies(t *testing.T) {
	l := newLab(t, b2test.WithConfig(func(c *b2server.Config) { c.MinPartSize, c.RecommendedPartSize = 100, 100 }))
	content := strings.Repeat("0123456789", 25)
	if _, err := l.client.Upload(t.Context(), b2.UploadRequest{BucketID: l.bucket.ID, Name: "lies", PartSize: 100, ModTime: new(moment(1).UnixMilli()),
		Info: map[string]string{"large_file_sha1": strings.Repeat("ab", 20)}, Content: strings.NewReader(content), Size: 250}); err != nil {
		t.Fatal(err)
	}
	out := l.sync(l.at(""), l.folder("dst"), b2sync.Options{})
	if out.Failed != 1 || !slices.ContainsFunc(out.lines, func(line string) bool {
		return strings.Contains(line, "lies") && strings.Contains(line, "--skip-hash-verification")
	}) {
		t.Errorf("the file and the way out are not named: %q", out.lines)
	}
	want(t, "destination", l.files("dst"))
	l.clean(l.at(""), l.folder("dst"), b2sync.Options{SkipHash: true})
	want(t, "destination", l.files("dst"), "lies="+content)
}

// TestCopiesKeepWhatIsKnown: content type and file info go with a copy. The
// name of the SSE-C key becomes that of the copy's.
func TestCopiesKeepWhatIsKnown(t *testing.T) {
	l := newLab(t)
	from, to := &b2.SSE{Mode: "SSE-C", Key: &[32]byte{1}, KeyID: "old key"}, &b2.SSE{Mode: "SSE-C", Key: &[32]byte{2}, KeyID: "new key"}
	for name, sse := range map[string]*b2.SSE{"plain": nil, "secret": from} {
		if _, err := l.client.Upload(t.Context(), b2.UploadRequest{BucketID: l.bucket.ID, Name: name, SSE: sse, ContentType: "text/x-odd",
			Info: map[string]string{"color": "blue"}, ModTime: new(int64(1234)), Content: strings.NewReader("s"), Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	other := l.makeBucket("other-bucket")
	l.clean(l.at(""), b2sync.Bucket(l.client, other, ""), b2sync.Options{SourceSSE: from, DestinationSSE: to})
	for file, err := range l.client.ListNames(t.Context(), other.ID, b2.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		info := map[string]string{"color": "blue", "src_last_modified_millis": "1234", "sse_c_key_id": "new key"}
		if file.ContentType != "text/x-odd" || !maps.Equal(file.Info(), info) {
			t.Errorf("%s: %s %v, want text/x-odd %v", file.Name, file.ContentType, file.Info(), info)
		}
	}
}
