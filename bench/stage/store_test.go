package stage

import (
	"bytes"
	"io"
	"testing"

	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/bench/corpus"
)

func TestPhantomsReadAsTheyWereWritten(t *testing.T) {
	store := newPhantomStore()
	whole := bytes.Repeat(corpus.Pattern, 4)
	for _, from := range []int{0, 1, 1<<20 - 1, 1_234_567} {
		content := whole[from : from+2<<20]
		id := b2server.BlobID{File: uint64(from)}
		w, err := store.CreateBlob(id, int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		blob, err := store.OpenBlob(id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(blob, 0, blob.Size()))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("from %d: %d bytes back, equal %v, %v", from, len(got), bytes.Equal(got, content), err)
		}
	}
}

func TestOtherContentIsNotTaken(t *testing.T) {
	w, err := newPhantomStore().CreateBlob(b2server.BlobID{File: 1}, phantomFrom)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(make([]byte, phantomFrom))
	if w.Commit() == nil {
		t.Error("zeros were taken for the pattern")
	}
}
