//go:build unix

package proof

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2test"
)

// Sizes of parts at the lab's server, so that files are large early.
const (
	labMinPart = 1000
	labPart    = 64 << 10
)

// A lab is a server with a bucket, and a folder with a home in it.
type lab struct {
	t      *testing.T
	server *b2test.Server
	client *b2.Client
	bucket b2.BucketRef
	dir    string
	env    []string // of every program
}

const bucketName = "proof-bucket"

func newLab(t *testing.T, opts ...b2test.Option) *lab {
	t.Helper()
	server := b2test.NewServer(t, append([]b2test.Option{b2test.WithConfig(func(c *b2server.Config) {
		c.MinPartSize, c.RecommendedPartSize = labMinPart, labPart
	})}, opts...)...)
	l := &lab{t: t, server: server, client: server.Client(t), dir: sharedDir(t)}
	b, err := l.client.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: bucketName, BucketType: "allPrivate"})
	if err != nil {
		t.Fatal(err)
	}
	l.bucket = b2.BucketRef{ID: b.BucketID, Name: b.BucketName}
	l.env = environment(l.path("home"), server.URL, server.KeyID, server.Key)
	return l
}

// sharedDir is a folder for one test that other users can reach.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bowline-proof")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// environment is what a program sees: a home of its own, the server, the key.
func environment(home, endpoint, keyID, key string) []string {
	return []string{"HOME=" + home, "B2_ENVIRONMENT=" + endpoint,
		"B2_APPLICATION_KEY_ID=" + keyID, "B2_APPLICATION_KEY=" + key, "TERM=xterm"}
}

// run runs the program.
func (l *lab) run(args ...string) result {
	l.t.Helper()
	return program{args: args, dir: l.dir}.run(l.t, l.env)
}

// at is a place in the bucket.
func (l *lab) at(prefix string) string { return "b2://" + bucketName + "/" + prefix }

// path is a place in the lab's folder.
func (l *lab) path(name string) string { return filepath.Join(l.dir, filepath.FromSlash(name)) }

// moment n is n seconds into the lab's own time: whole seconds, long ago.
func moment(n int) time.Time { return time.Unix(1_700_000_000+int64(n), 0) }

// write makes a local file; its name may be any that the system takes.
func (l *lab) write(name, content string) {
	l.t.Helper()
	path := l.dir + "/" + name
	if err := os.MkdirAll(path[:strings.LastIndexByte(path, '/')], 0o777); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Chtimes(path, moment(1), moment(1)); err != nil {
		l.t.Fatal(err)
	}
}

// put stores an object as other tools do, by plain HTTP: under any name that
// the server takes.
func (l *lab) put(name, content string) {
	l.t.Helper()
	account, err := l.client.Account(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	var place struct{ UploadURL, AuthorizationToken string }
	l.post(account.APIURL+"/b2api/v4/b2_get_upload_url", string(account.Token), `{"bucketId":"`+l.bucket.ID+`"}`, nil, &place)
	l.post(place.UploadURL, place.AuthorizationToken, content, map[string]string{
		"X-Bz-File-Name": escape(name), "Content-Type": "text/plain", "X-Bz-Content-Sha1": sha1Of(content),
		"X-Bz-Info-src_last_modified_millis": fmt.Sprint(moment(1).UnixMilli()),
	}, &struct{}{})
}

func (l *lab) post(url, token, body string, header map[string]string, answer any) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", token)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		l.t.Fatalf("%s: %s", url, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		l.t.Fatal(err)
	}
}

// escape encodes every byte, which is always right.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		fmt.Fprintf(&b, "%%%02X", name[i])
	}
	return b.String()
}

func sha1Of(content string) string {
	sum := sha1.Sum([]byte(content))
	return hex.EncodeToString(sum[:])
}

// tree is the regular files below a folder of the lab, with their contents.
func (l *lab) tree(folder string) map[string]string {
	l.t.Helper()
	return readTree(l.t, l.path(folder))
}

func readTree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path[len(root)+1:]] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// objects is the visible objects below a prefix of the bucket, with their
// contents, by the name below the prefix.
func (l *lab) objects(prefix string) map[string]string {
	l.t.Helper()
	files := map[string]string{}
	for f, err := range l.client.ListNames(l.t.Context(), l.bucket.ID, b2.ListOptions{Prefix: prefix}) {
		if err != nil {
			l.t.Fatal(err)
		}
		files[strings.TrimPrefix(f.Name, prefix)] = l.content(f)
	}
	return files
}

// content downloads one version.
func (l *lab) content(f b2.File) string {
	l.t.Helper()
	var to target
	to.b = make([]byte, f.Size)
	if _, err := l.client.Download(l.t.Context(), b2.DownloadRequest{File: &f, To: &to}); err != nil {
		l.t.Fatalf("%q: %v", f.Name, err)
	}
	return string(to.b)
}

// target is memory to download into.
type target struct{ b []byte }

func (t *target) WriteAt(p []byte, off int64) (int, error) { return copy(t.b[off:], p), nil }
func (t *target) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(t.b).ReadAt(p, off)
}

// sameTree fails the test unless both have the same names and contents.
func sameTree(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	var wrong []string
	for name, content := range want {
		if have, ok := got[name]; !ok {
			wrong = append(wrong, fmt.Sprintf("%.80q is missing", name))
		} else if have != content {
			wrong = append(wrong, fmt.Sprintf("%.80q has another content: %.40q, want %.40q", name, have, content))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			wrong = append(wrong, fmt.Sprintf("%.80q is too many", name))
		}
	}
	if slices.Sort(wrong); len(wrong) > 0 {
		t.Errorf("%s:\n  %s", what, strings.Join(wrong[:min(len(wrong), 20)], "\n  "))
	}
}
