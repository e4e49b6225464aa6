package b2

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/bowline-sync/bowline/internal/wire"
)

// A parrot is a transport that gives every call the same answer, but for
// authorising.
type parrot struct {
	status int
	header http.Header
	body   []byte
	honest bool // when authorising
}

const honestAccount = `{"accountId":"a","authorizationToken":"t","apiInfo":{"storageApi":{"apiUrl":"http://b2.test",
	"downloadUrl":"http://b2.test","s3ApiUrl":"","absoluteMinimumPartSize":5000000,"recommendedPartSize":100000000,
	"allowed":{"buckets":null,"capabilities":[],"namePrefix":null}}}}`

func (s *parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	status, header, body := s.status, s.header, s.body
	if s.honest && strings.HasSuffix(r.URL.Path, wire.CallAuthorize) {
		status, header, body = 200, nil, []byte(honestAccount)
	}
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// client talks to the answer, and has no patience.
func (s *parrot) client() *Client {
	return New(Config{Endpoint: "http://b2.test", KeyID: "id", Key: "K-secret", Transport: s, RetryFor: time.Nanosecond})
}

// oneLine holds an error against what is asked of all of them.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	if text == "" || len(text) > 2000 || strings.IndexFunc(text, unicode.IsControl) >= 0 || strings.Contains(text, "K-secret") {
		t.Errorf("not one clear line: %.300q", text)
	}
}

// FuzzAnswer: whatever a service answers to whatever call, there is a result or
// one clear error, at once.
func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(honestAccount))
	f.Add(200, []byte(`{"fileId":"4_z","fileName":"n","action":"upload","contentLength":1,"contentSha1":null,"fileInfo":{"a":"b"},"uploadTimestamp":1}`))
	f.Add(200, []byte(`{"buckets":[{"bucketId":"b","bucketName":"n","bucketInfo":{},"lifecycleRules":[{}],"corsRules":null}]}`))
	f.Add(200, []byte(`{"uploadUrl":"http://b2.test/\u0000","authorizationToken":"t"}`))
	f.Add(200, []byte(`{"keys":[{"applicationKeyId":"k"}],"nextApplicationKeyId":null}`))
	f.Add(200, []byte(`{"files":[{"fileName":"a","fileId":"1","action":"start"}],"nextFileId":null}`))
	f.Add(401, []byte(`{"code":"expired_auth_token","message":"\u001b[31m","status":401}`))
	f.Add(503, []byte(`<html>`))
	f.Add(301, []byte(``))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 || status == http.StatusUnauthorized {
			return // no final status; and 401 is tried again, with a new token
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := (&parrot{status: status, body: body}).client().Account(ctx)
		oneLine(t, err)
		if status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500 {
			return // these wait before they are tried again
		}
		c := (&parrot{status: status, body: body, honest: true}).client()
		_, err = c.ListBuckets(ctx, ListBucketsRequest{})
		oneLine(t, err)
		_, err = c.FileInfo(ctx, "id")
		oneLine(t, err)
		_, err = c.Hide(ctx, "bucket", "name")
		oneLine(t, err)
		oneLine(t, c.DeleteVersion(ctx, "name", "id", false))
		_, err = c.Upload(ctx, UploadRequest{BucketID: "b", Name: "n", Content: strings.NewReader("x"), Size: 1})
		oneLine(t, err)
		_, err = c.Copy(ctx, CopyRequest{Source: &File{ID: "id", Name: "n", Size: 1}, BucketID: "b", Name: "n"})
		oneLine(t, err)
		if ctx.Err() != nil {
			t.Error("a call hangs")
		}
	})
}

// FuzzDownloadHeader: what comes with content is checked or harmless.
func FuzzDownloadHeader(f *testing.F) {
	f.Add(200, "4_z", "name", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "", "%41+b", []byte(""))
	f.Add(206, "4_z", "a%2", "unverified:da39a3ee5e6b4b0d3255bfef95601890afd80709", "bytes 0-0/1", "%zz", []byte("x"))
	f.Add(206, "", "", "none", "bytes 9223372036854775807-9223372036854775807/-1", "\x00", []byte("xyz"))
	f.Fuzz(func(t *testing.T, status int, id, name, hash, span, info string, body []byte) {
		if status != http.StatusOK && status != http.StatusPartialContent {
			return
		}
		synctest.Test(t, func(t *testing.T) { // a body that ends early is asked for again, later
			readDownload(t, status, id, name, hash, span, info, body)
		})
	})
}

// readDownload reads an answer to a download in each way.
func readDownload(t *testing.T, status int, id, name, hash, span, info string, body []byte) {
	s := &parrot{status: status, body: body, honest: true, header: http.Header{wire.HeaderFileID: {id}, wire.HeaderFileName: {name},
		wire.HeaderContentSHA1: {hash}, "Content-Range": {span}, wire.HeaderInfoPrefix + "Some": {info}}}
	c := s.client()
	for _, req := range []OpenRequest{{ID: "4_z"}, {Bucket: "b", Name: "n"}, {ID: "4_z", Offset: 1, Length: 2}} {
		o, err := c.Open(t.Context(), req)
		if err != nil {
			oneLine(t, err)
			continue
		}
		got, err := io.ReadAll(o)
		oneLine(t, err)
		if o.Close(); err == nil && !bytes.Equal(got, body) {
			t.Errorf("%q was read of %q", got, body)
		}
		_, _ = o.Info(), o.ContentSHA1()
	}
}
