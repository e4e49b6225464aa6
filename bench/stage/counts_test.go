package stage

import (
	"bytes"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/bench/synth"
)

func TestEntriesAreCountedAcrossWrites(t *testing.T) {
	const entries = 57
	page := strings.Repeat(`{"fileName":"a","uploadTimestamp":0}`, entries)
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		w := &listWriter{ResponseWriter: httptest.NewRecorder()}
		for rest := page; rest != ""; {
			n := min(len(rest), 1+random.IntN(40))
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if w.entries != entries {
			t.Fatalf("%d entries, want %d", w.entries, entries)
		}
	}
}

// TestToldEntriesAreThoseWritten: the synthetic server says as many as it
// writes.
func TestToldEntriesAreThoseWritten(t *testing.T) {
	for _, limits := range []string{`"maxFileCount":1000`, `"maxFileCount":7,"delimiter":"/"`, `"prefix":"m00/p00000/d0000003/"`} {
		body := &httptest.ResponseRecorder{Body: new(bytes.Buffer)}
		w := &listWriter{ResponseWriter: body}
		ask := strings.NewReader(`{"bucketId":"012345",` + limits + `}`)
		new(synth.Server).ServeHTTP(w, httptest.NewRequest("POST", "/b2api/v4/b2_list_file_names", ask))
		if n := bytes.Count(body.Body.Bytes(), []byte(entry)); !w.told || w.entries != int64(n) || n == 0 {
			t.Errorf("%s: told of %d entries, wrote %d", limits, w.entries, n)
		}
	}
}

func TestListingsAreBilledByTheThousand(t *testing.T) {
	var c counts
	c.reset()
	for _, entries := range []int64{0, 1, 1000, 1001, 10_000} {
		c.call("b2_list_file_names")
		c.page(entries)
	}
	c.call("b2_upload_file")
	s := c.read()
	if s.Billed["C"] != 1+1+1+2+10 || s.Billed["A"] != 1 || s.Listed != 12_002 {
		t.Errorf("billed %v for %d entries", s.Billed, s.Listed)
	}
}
