package b2sync

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/bowline-sync/bowline/internal/localfs"
)

// FileState tells one state of one local file from another: while none of it
// changes, nor does the content. Times are nanoseconds since the epoch; fields
// that the system does not tell are 0.
type FileState struct {
	Dev, Ino             uint64
	Size                 int64
	ModTimeNS, ChangedNS int64
}

// HashCache remembers the SHA-1 of local files from run to run, as 40 hex
// digits. It is used by several goroutines at once. It may forget.
type HashCache interface {
	Recall(FileState) (sha1 string, ok bool)
	Remember(s FileState, sha1 string)
}

// readHash reads the local file of a pair for its hash, and decides again.
func (r *run) readHash(ctx context.Context, j *job) {
	p := &pair{name: j.name, src: &j.src, dst: j.dst}
	local, folder := p.src, r.src
	if r.dstLocal {
		local, folder = p.dst, r.dst
	}
	var err error
	if local.sha1, err = r.localHash(ctx, folder.(*folderSide), local); err != nil {
		if ctx.Err() == nil {
			r.report.problem(Problem{Name: j.name, Path: folder.full(j.name), Err: err})
		}
		return
	}
	rules := r.rules
	rules.now = r.serviceNow()
	d := decide(p, &rules)
	if next := r.settle(p, d); next != nil {
		r.work(ctx, next)
	}
}

// localHash is the SHA-1 of a local file, read only if it is not remembered.
func (r *run) localHash(ctx context.Context, f *folderSide, e *entry) (string, error) {
	if r.opts.Hashes != nil && e.state.Ino != 0 {
		if sum, ok := r.opts.Hashes.Recall(e.state); ok {
			return sum, nil
		}
	}
	src, err := localfs.Open(f.root, e.name)
	if err != nil {
		return "", err
	}
	defer src.Close()
	h := sha1.New()
	content := io.NewSectionReader(src, 0, src.Size())
	if _, err := io.Copy(h, readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return content.Read(b)
	})); err != nil {
		return "", fmt.Errorf("reading for its hash: %w", err)
	}
	if err := src.Unchanged(); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if r.opts.Hashes != nil && e.state.Ino != 0 {
		r.opts.Hashes.Remember(e.state, sum)
	}
	return sum, nil
}

// readerFunc is a function as an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
