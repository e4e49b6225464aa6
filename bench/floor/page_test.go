package floor

import (
	"bytes"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/bench/corpus"
	"github.com/bowline-sync/bowline/bench/synth"
)

func page(t testing.TB) []byte {
	w := httptest.NewRecorder()
	new(synth.Server).ServeHTTP(w, httptest.NewRequest("POST", "/b2api/v4/b2_list_file_names",
		strings.NewReader(`{"bucketId":"000000000000000000020000","maxFileCount":10000}`)))
	b, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestScanPage(t *testing.T) {
	p := page(t)
	n := 0
	err := scanPage(p, func(f *listed) {
		if string(f.name) != corpus.Name(n) || f.modTime != corpus.ModTime.UnixMilli() || !bytes.Contains(f.id, []byte("_f1")) {
			t.Fatalf("entry %d is %s at %d", n, f.name, f.modTime)
		}
		n++
	})
	if err != nil || n != 10_000 {
		t.Fatalf("%d entries, %v", n, err)
	}
	if next, err := nextName(p); err != nil || *next != corpus.Name(n) {
		t.Errorf("next name %v, %v", next, err)
	}
}

func BenchmarkScanPage(b *testing.B) {
	p := page(b)
	for b.Loop() {
		if err := scanPage(p, func(*listed) {}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/file")
}
