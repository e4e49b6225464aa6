package history

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bowline-sync/bowline/b2sync"
)

func started(bucket, name, id string) b2sync.StartedUpload {
	return b2sync.StartedUpload{BucketID: bucket, Name: name, ID: id, Source: "/src/" + name}
}

func ids(list []b2sync.StartedUpload) (ids []string) {
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return ids
}

func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "uploads"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, "uploads", e.Name()))
	}
	return paths
}

// TestUploads leaves uploads behind, in the way of a run that ends, and has
// others look for them.
func TestUploads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	first := OpenUploads(dir)
	for _, s := range []b2sync.StartedUpload{started("b", "x/1", "1"), started("b", "x/2", "2"), started("b", "y", "3"), started("c", "x/4\n", "4")} {
		first.Started(s)
	}
	first.Ended("1")
	first.Ended("nobody knows")

	second := OpenUploads(dir)
	if left := second.Left("b", ""); len(left) > 0 || !second.Busy("2") || second.Busy("1") || first.Busy("2") {
		t.Errorf("of a run under way: %v", left)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if second.Busy("2") {
		t.Error("a run that is over is busy")
	}
	if got := second.Left("b", "x/"); len(got) != 1 || got[0] != started("b", "x/2", "2") {
		t.Errorf("left: %v", got)
	}
	third := OpenUploads(dir)
	if !third.Busy("2") || third.Busy("3") {
		t.Error("the second has 2, and nobody has 3")
	}
	if got := ids(third.Left("b", "")); !slices.Equal(got, []string{"3"}) {
		t.Errorf("left: %v", got)
	}
	if got := third.Left("c", "x"); len(got) != 1 || got[0].Name != "x/4\n" {
		t.Errorf("left: %v", got)
	}
	second.Ended("2")
	third.Ended("3")
	third.Ended("4")
	for _, u := range []*Uploads{second, third} {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("files that say nothing: %q", left)
	}
}

// TestUploadsTouchNothing has a run without large files look, and go.
func TestUploadsTouchNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	u := OpenUploads(dir)
	if u.Left("b", "") != nil || u.Busy("1") {
		t.Error("something out of nothing")
	}
	u.Ended("1")
	if err := u.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("a folder was made")
	}
}

// TestUploadsTornLine cuts the record short, as a full disk does.
func TestUploadsTornLine(t *testing.T) {
	dir := t.TempDir()
	u := OpenUploads(dir)
	u.Started(started("b", "n", "1"))
	u.Started(started("b", "n", "2"))
	u.Close()
	path := files(t, dir)[0]
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	if err := os.Truncate(path, info.Size()-3); err != nil {
		t.Fatal(err)
	}
	next := OpenUploads(dir)
	defer next.Close()
	if got := ids(next.Left("b", "")); !slices.Equal(got, []string{"1"}) {
		t.Errorf("left: %v", got)
	}
}

func FuzzUploads(f *testing.F) {
	f.Add([]byte(`{"bucket":"b","name":"n","id":"1"}` + "\n" + `{"id":"1","ended":true}` + "\n{"))
	f.Add([]byte("\xff\x00\n\n[]\nnull\n{}\n{\"id\":7}\n{\"id\":\"cut"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for id, s := range readUploads(bytes.NewReader(text)) {
			if id == "" || s.ID != id {
				t.Errorf("%q: %v", id, s)
			}
		}
	})
}
