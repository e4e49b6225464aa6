package history

import (
	"bytes"
	"testing"
)

// FuzzReadUploads: a record that was cut off or damaged says less, and does no
// harm.
func FuzzReadUploads(f *testing.F) {
	f.Add([]byte(`{"id":"4_z","bucket":"b","name":"n"}` + "\n" + `{"id":"4_z","ended":true}` + "\n" + `{"id":"cut`))
	f.Add([]byte("\x00\n\n{}\n[]\nnull\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for id, upload := range readUploads(bytes.NewReader(text)) {
			if id == "" || upload.ID != id {
				t.Errorf("%q: an upload %+v", id, upload)
			}
		}
	})
}
