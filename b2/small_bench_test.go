package b2

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/internal/wire"
)

// An echo is a transport that takes every upload and says so, at no cost of a
// network.
type echo struct{ parrot }

func (s *echo) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case strings.HasSuffix(r.URL.Path, wire.CallGetUploadURL):
		s.body = []byte(`{"bucketId":"b","uploadUrl":"http://b2.test/upload","authorizationToken":"t"}`)
	case r.URL.Path == "/upload":
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, err
		}
		size := len(body) - 40
		s.body = fmt.Appendf(nil, `{"accountId":"a","action":"upload","bucketId":"b","contentLength":%d,"contentSha1":"%s","contentType":"text/plain",`+
			`"fileId":"4_z1","fileInfo":{"src_last_modified_millis":"1767323000123"},"fileName":"%s","uploadTimestamp":1767323045000}`,
			size, body[size:], r.Header.Get(wire.HeaderFileName))
	}
	return s.parrot.RoundTrip(r)
}

// BenchmarkUploadSmall is what the client itself does for a file of 1 KiB,
// without net/http below it.
func BenchmarkUploadSmall(b *testing.B) {
	c := New(Config{Endpoint: "http://b2.test", KeyID: "id", Key: "K", Transport: &echo{parrot{status: 200, honest: true}}})
	req := UploadRequest{BucketID: "b", Name: "folder/name", ModTime: new(int64(1767323000123)), Content: bytes.NewReader(noise(1 << 10)), Size: 1 << 10}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Upload(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}
