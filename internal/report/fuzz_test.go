package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"testing"
)

// FuzzUnpack reads kept reports with anything in them: an error, or a page.
func FuzzUnpack(f *testing.F) {
	whole, err := json.Marshal(sampleRun(30))
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range [][]byte{whole, []byte(`{}`), []byte(`null`), []byte(`{"Timeline":{}}`), []byte(`[[[[`)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(text); err != nil {
			t.Fatal(err)
		}
		z.Close()
		d, err := Unpack(packed.Bytes())
		if (d == nil) == (err == nil) {
			t.Fatalf("%v and %v", d, err)
		}
		if err == nil {
			if err := d.WritePage(io.Discard); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
		Unpack(text) // which is hardly ever packed
	})
}
