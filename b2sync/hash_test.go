package b2sync_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
)

// memory is a HashCache that counts.
type memory struct {
	mu                   sync.Mutex
	sums                 map[b2sync.FileState]string
	recalled, remembered int
}

func (m *memory) Recall(s b2sync.FileState) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum, ok := m.sums[s]
	if ok {
		m.recalled++
	}
	return sum, ok
}

func (m *memory) Remember(s b2sync.FileState, sum string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sums == nil {
		m.sums = map[b2sync.FileState]string{}
	}
	m.sums[s] = sum
	m.remembered++
}

// TestCompareContent: with CompareSHA1 the content decides, and what was read
// for its hash is not read again while it does not change.
func TestCompareContent(t *testing.T) {
	l, cache := newLab(t), new(memory)
	o := b2sync.Options{Compare: b2sync.CompareSHA1, Hashes: cache}
	l.write("src/changed", "before", moment(1))
	l.write("src/grown", "short", moment(1))
	l.write("src/touched", "same", moment(1))
	l.clean(l.folder("src"), l.at(""), o)
	if cache.remembered != 0 {
		t.Errorf("%d files were read that are not in the bucket", cache.remembered)
	}
	l.write("src/changed", "after!", moment(1))
	l.write("src/grown", "longer", moment(1))
	l.write("src/touched", "same", moment(2))
	want(t, "up", l.clean(l.folder("src"), l.at(""), o).lines, "upload changed", "upload grown")
	if cache.recalled != 0 || cache.remembered != 2 {
		t.Errorf("%d recalled, %d remembered; want 0 and 2", cache.recalled, cache.remembered)
	}
	for range 2 {
		want(t, "again", l.clean(l.folder("src"), l.at(""), o).lines)
	}
	if cache.recalled != 2+3 || cache.remembered != 3 {
		t.Errorf("%d recalled, %d remembered; want 5 and 3", cache.recalled, cache.remembered)
	}
	l.write("src/changed", "third!", moment(1))
	want(t, "down", l.clean(l.at(""), l.folder("src"), o).lines, "dnload changed")
	want(t, "files", l.files("src"), "changed=after!", "grown=longer", "touched=same")
}

// TestCompareContentWithoutHash: where the service has no hash, time and size
// decide, and the summary counts that.
func TestCompareContentWithoutHash(t *testing.T) {
	l := newLab(t)
	content := bytes.Repeat([]byte("x"), 5_000_001)
	l.write("src/large", string(content), moment(1))
	if _, err := l.client.Upload(t.Context(), b2.UploadRequest{BucketID: l.bucket.ID, Name: "large", ModTime: new(moment(1).UnixMilli()),
		Content: bytes.NewReader(content), Size: int64(len(content)), PartSize: 5_000_000, NoLargeSHA1: true}); err != nil {
		t.Fatal(err)
	}
	out := l.clean(l.folder("src"), l.at(""), b2sync.Options{Compare: b2sync.CompareSHA1})
	want(t, "actions", out.lines)
	if out.Unhashed != 1 || out.Same != 1 {
		t.Errorf("%d compared without a hash, %d the same; want 1 and 1", out.Unhashed, out.Same)
	}
}
