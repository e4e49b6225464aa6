package b2sync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// lab is a server with a bucket, a folder, and what a test does with them.
type lab struct {
	t      *testing.T
	server *b2test.Server
	client *b2.Client
	bucket b2.BucketRef
	dir    string
}

func newLab(t *testing.T, opts ...b2test.Option) *lab {
	t.Helper()
	server := b2test.NewServer(t, opts...)
	l := &lab{t: t, server: server, client: server.Client(t), dir: t.TempDir()}
	l.bucket = l.makeBucket("lab-bucket")
	return l
}

func (l *lab) makeBucket(name string) b2.BucketRef {
	l.t.Helper()
	b, err := l.client.CreateBucket(l.t.Context(), b2.CreateBucketRequest{BucketName: name, BucketType: "allPrivate"})
	if err != nil {
		l.t.Fatal(err)
	}
	return b2.BucketRef{ID: b.BucketID, Name: b.BucketName}
}

// at is the bucket below a prefix, as a side of a sync.
func (l *lab) at(prefix string) b2sync.Location { return b2sync.Bucket(l.client, l.bucket, prefix) }

// folder is a local folder of the lab, as a side of a sync.
func (l *lab) folder(name string) b2sync.Location { return b2sync.Folder(filepath.Join(l.dir, name)) }

// moment n is n seconds into the lab's own time: whole seconds, long ago.
func moment(n int) time.Time { return time.Unix(1_700_000_000+int64(n), 0) }

// write makes a local file; names below the lab's folder.
func (l *lab) write(name, content string, when time.Time) {
	l.t.Helper()
	path := filepath.Join(l.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Chtimes(path, when, when); err != nil {
		l.t.Fatal(err)
	}
}

// put stores a version; one without a modification time if when is zero.
func (l *lab) put(name, content string, when time.Time) *b2.File {
	l.t.Helper()
	req := b2.UploadRequest{
		BucketID: l.bucket.ID, Name: name,
		Content: bytes.NewReader([]byte(content)), Size: int64(len(content)),
	}
	if !when.IsZero() {
		req.ModTime = new(when.UnixMilli())
	}
	f, err := l.client.Upload(l.t.Context(), req)
	if err != nil {
		l.t.Fatal(err)
	}
	return f
}

// putRaw stores a version under a name that the client would refuse, as other
// tools do.
func (l *lab) putRaw(name, content string) {
	l.t.Helper()
	account, err := l.client.Account(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	send := func(url, token string, body string, header map[string]string, answer any) {
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
			l.t.Fatalf("storing %q: %s", name, resp.Status)
		}
		if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
			l.t.Fatal(err)
		}
	}
	var place struct{ UploadURL, AuthorizationToken string }
	send(account.APIURL+"/b2api/v4/b2_get_upload_url", string(account.Token), `{"bucketId":"`+l.bucket.ID+`"}`, nil, &place)
	send(place.UploadURL, place.AuthorizationToken, content, map[string]string{
		"X-Bz-File-Name": url.PathEscape(name), "Content-Type": "b2/x-auto", "X-Bz-Content-Sha1": "do_not_verify",
	}, &struct{}{})
}

func (l *lab) hide(name string) {
	l.t.Helper()
	if _, err := l.client.Hide(l.t.Context(), l.bucket.ID, name); err != nil {
		l.t.Fatal(err)
	}
}

// log is a listener that keeps a line an event.
type log struct{ lines []string }

func (g *log) Event(e b2sync.Event) {
	switch e := e.(type) {
	case b2sync.ActionDone:
		note := [...]string{"", " (old version)", " (hide marker)", ""}[e.Note]
		if e.Err != nil {
			note += " FAILED: " + e.Err.Error()
		}
		g.lines = append(g.lines, e.Kind.String()+" "+e.Name+note)
	case b2sync.Problem:
		kind := "ERROR "
		if e.Warning {
			kind = "WARNING "
		}
		g.lines = append(g.lines, kind+e.Name+": "+e.Err.Error())
	case b2sync.Remark:
		g.lines = append(g.lines, "NOTE "+e.Text)
	}
}

// outcome is a run and what it told.
type outcome struct {
	b2sync.Summary
	lines []string // sorted
}

// sync runs once; a New that refuses is the outcome's Err.
func (l *lab) sync(src, dst b2sync.Location, o b2sync.Options) outcome {
	l.t.Helper()
	return l.syncContext(l.t.Context(), src, dst, o)
}

func (l *lab) syncContext(ctx context.Context, src, dst b2sync.Location, o b2sync.Options) outcome {
	l.t.Helper()
	var g log
	o.Listener, o.SpoolDir = &g, l.t.TempDir()
	s, err := b2sync.New(src, dst, o)
	if err != nil {
		return outcome{Summary: b2sync.Summary{Err: err}}
	}
	summary := s.Run(ctx)
	slices.Sort(g.lines)
	return outcome{summary, g.lines}
}

// clean runs once and fails the test if anything went wrong.
func (l *lab) clean(src, dst b2sync.Location, o b2sync.Options) outcome {
	l.t.Helper()
	out := l.sync(src, dst, o)
	if !out.OK() {
		l.t.Fatalf("the sync failed: %v\n%s", out.Err, strings.Join(out.lines, "\n"))
	}
	return out
}

// files are the local files below a folder with their contents, sorted; links
// are shown, not followed, and folders end in a slash.
func (l *lab) files(folder string) []string {
	l.t.Helper()
	root := filepath.Join(l.dir, folder)
	var got []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		switch {
		case d.IsDir():
			got = append(got, rel+"/")
		case d.Type()&fs.ModeSymlink != 0:
			got = append(got, rel+" ->")
		default:
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			got = append(got, rel+"="+string(content))
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

// versions are the versions of the bucket, as the listing has them: the name,
// then the action, and the size of content.
func (l *lab) versions() []string {
	l.t.Helper()
	var got []string
	for f, err := range l.client.ListVersions(l.t.Context(), l.bucket.ID, b2.ListOptions{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s %d", f.Name, f.Action, f.Size))
	}
	return got
}

// names are the visible names of the bucket.
func (l *lab) names() []string {
	l.t.Helper()
	var got []string
	for f, err := range l.client.ListNames(l.t.Context(), l.bucket.ID, b2.ListOptions{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		got = append(got, f.Name)
	}
	return got
}

// want compares lists of lines.
func want(t *testing.T, what string, got []string, expect ...string) {
	t.Helper()
	if !slices.Equal(got, expect) {
		t.Errorf("%s:\n  got  %s\n  want %s", what, strings.Join(got, "\n       "), strings.Join(expect, "\n       "))
	}
}
