package b2server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// folders are what is known of the folders below objects/.
type folders struct {
	made sync.Map // exist

	mu    sync.Mutex
	dirty map[string]struct{} // got a file since they were last synced
}

// blobPath is where a blob lives: 4,096 files of neighbouring numbers share a
// folder, so that uploads of one moment share its fsync.
func blobPath(id BlobID) (dir, path string) {
	dir = fmt.Sprintf("%s/%06x/%03x", objectsDir, id.File>>24, id.File>>12&0xfff)
	return dir, dir + "/" + id.String()
}

// parseBlobName is the inverse of BlobID.String.
func parseBlobName(name string) (id BlobID, ok bool) {
	var err error
	number, rest, isPart := strings.Cut(name, ".")
	if id.File, err = strconv.ParseUint(number, 16, 64); err != nil {
		return id, false
	}
	if isPart {
		partNumber, try, _ := strings.Cut(rest, ".")
		n, err := strconv.ParseUint(partNumber, 10, 32)
		if err != nil {
			return id, false
		}
		id.Part = uint32(n)
		if id.Try, err = strconv.ParseUint(try, 16, 64); err != nil {
			return id, false
		}
	}
	return id, id.String() == name
}

// CreateBlob implements Store.
func (d *DiskStore) CreateBlob(id BlobID, size int64) (BlobWriter, error) {
	if id.mayInline(size) {
		return &inlineWriter{store: d, id: id, data: make([]byte, 0, size)}, nil
	}
	dir, path := blobPath(id)
	if err := d.makeDir(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.path(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &diskWriter{File: f, store: d, dir: dir}, nil
}

type diskWriter struct {
	*os.File
	store *DiskStore
	dir   string // relative
}

// Commit makes the file's bytes durable. Its name becomes so with the update of
// the index that follows, which syncs the folder.
func (w *diskWriter) Commit() error {
	if !w.store.noSync {
		if err := w.Sync(); err != nil {
			w.Abort()
			return err
		}
	}
	if err := w.Close(); err != nil {
		_ = os.Remove(w.Name())
		return err
	}
	w.store.soil(w.dir)
	return nil
}

func (w *diskWriter) Abort() {
	_ = w.Close()
	_ = os.Remove(w.Name())
}

// makeDir makes a folder of objects.
func (d *DiskStore) makeDir(dir string) error {
	if _, ok := d.folders.made.Load(dir); ok {
		return nil
	}
	if err := os.MkdirAll(d.path(dir), 0o700); err != nil {
		return err
	}
	d.soil(filepath.Dir(dir))
	d.soil(objectsDir)
	d.folders.made.Store(dir, struct{}{})
	return nil
}

// soil notes that a folder must be synced before the index is.
func (d *DiskStore) soil(dir string) {
	if d.noSync {
		return
	}
	d.folders.mu.Lock()
	defer d.folders.mu.Unlock()
	d.folders.dirty[dir] = struct{}{}
}

// syncDirty syncs the folders that got files since it last did.
func (d *DiskStore) syncDirty() error {
	d.folders.mu.Lock()
	dirs := d.folders.dirty
	d.folders.dirty = map[string]struct{}{}
	d.folders.mu.Unlock()
	for dir := range dirs {
		if err := d.syncDir(d.path(dir)); err != nil {
			for dir := range dirs {
				d.soil(dir)
			}
			return err
		}
	}
	return nil
}

func (d *DiskStore) syncDir(dir string) error {
	if d.noSync || runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// OpenBlob implements Store.
func (d *DiskStore) OpenBlob(id BlobID) (Blob, error) {
	if b, err := d.openInline(id); b != nil || err != nil {
		return b, err
	}
	_, path := blobPath(id)
	f, err := os.Open(d.path(path))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return diskBlob{f, info.Size()}, nil
}

type diskBlob struct {
	*os.File
	size int64
}

func (b diskBlob) Size() int64 { return b.size }

// RemoveBlob implements Store.
func (d *DiskStore) RemoveBlob(id BlobID) error {
	if removed, err := d.removeInline(id); removed || err != nil {
		return err
	}
	_, path := blobPath(id)
	if err := os.Remove(d.path(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
