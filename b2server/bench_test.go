//go:build unix

package b2server

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reportCPU adds the processor time of an operation, which other work on the
// machine disturbs less than its duration. Call what it answers at the end.
func reportCPU(b *testing.B) func() {
	began := cpuTime()
	return func() { b.ReportMetric(float64(cpuTime()-began)/float64(b.N), "cpu-ns/op") }
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchServer is a server with one bucket and n files in it.
func benchServer(b *testing.B, store Store, n int) (s *Server, bucketID string) {
	b.Helper()
	s, err := New(Config{Store: store, MaintainEvery: -1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	bucketID = strings.Repeat("ab", 12)
	if err := s.putBucket(&bucket{ID: bucketID, Name: "a-bucket", Type: "allPrivate"}); err != nil {
		b.Fatal(err)
	}
	const batch = 10_000
	for from := 0; from < n; from += batch {
		err := store.Update(func(tx Tx) error {
			for i := from; i < min(n, from+batch); i++ {
				v := &version{Bucket: bucketID, Name: fmt.Sprintf("p%03d/data-%05d/file-%07d.bin", i/5000, i/100, i), Time: 1767323045000,
					Number: uint64(i), Action: actionUpload, Size: 1024, SHA1: strings.Repeat("0", 40), MD5: strings.Repeat("0", 32),
					ContentType: "application/octet-stream", Info: []infoPair{{"src_last_modified_millis", "1767323045000"}}}
				if err := insert(tx, v, false); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return s, bucketID
}

func (s *Server) benchToken(kind tokenKind, nonce, subject string) string {
	return s.tokens.sign(token{Kind: kind, Expires: 1 << 50, Nonce: nonce, KeyID: s.account, Subject: subject})
}

// BenchmarkListNames reports entries a second of whole pages, of processor time
// too.
func BenchmarkListNames(b *testing.B) {
	const files, page = 100_000, 10_000
	for name, store := range map[string]Store{"memory": NewMemStore(), "disk": openDisk(b, b.TempDir())} {
		b.Run(name, func(b *testing.B) {
			s, bucketID := benchServer(b, store, files)
			auth := s.benchToken(tokenAccount, newNonce(), "")
			b.ReportAllocs()
			began := cpuTime()
			for b.Loop() {
				r := httptest.NewRequest("POST", "/b2api/v4/b2_list_file_names", strings.NewReader(
					fmt.Sprintf(`{"bucketId":"%s","maxFileCount":%d,"startFileName":"p003"}`, bucketID, page)))
				r.Header.Set("Authorization", auth)
				w := &discard{header: http.Header{}}
				s.ServeHTTP(w, r)
				if w.status != 200 || w.n < page*300 {
					b.Fatal(w.status, w.n)
				}
			}
			b.ReportMetric(float64(page)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			b.ReportMetric(float64(page)*float64(b.N)/(cpuTime()-began).Seconds(), "entries/cpu-s")
		})
	}
}

// BenchmarkUploadHandler uploads 1 KiB without a network: the handlers alone.
func BenchmarkUploadHandler(b *testing.B) {
	content := strings.Repeat("x", 1024)
	sum := sha1.Sum([]byte(content))
	s, bucketID := benchServer(b, NewMemStore(), 0)
	nonce := newNonce()
	path := fmt.Sprintf("/b2api/v4/b2_upload_file/%s/%x", bucketID, nonce)
	r := httptest.NewRequest("POST", path, nil)
	r.Header.Set("Authorization", s.benchToken(tokenUpload, nonce, bucketID))
	r.Header.Set("Content-Type", "b2/x-auto")
	r.Header.Set("X-Bz-Content-Sha1", hex.EncodeToString(sum[:]))
	r.Header.Set("X-Bz-Info-src_last_modified_millis", "1767323045000")
	i := 0
	defer reportCPU(b)()
	b.ReportAllocs()
	for b.Loop() {
		r.Header.Set("X-Bz-File-Name", fmt.Sprintf("dir/file-%07d", i))
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(content)), int64(len(content))
		w := &discard{header: http.Header{}}
		s.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.status)
		}
		i++
	}
}
