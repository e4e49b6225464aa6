package b2server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// DiskOptions changes how OpenDiskStore keeps a folder.
type DiskOptions struct {
	// NoSync skips fsync: fast, and safe against a crash of the process, but
	// not against a loss of power.
	NoSync bool

	// Log is told what the check after a crash found; nil = nobody.
	Log *slog.Logger
}

// DiskStore keeps a folder:
//
//	index.db      the index, a bbolt file; it also holds the account's secrets
//	              and very small contents
//	objects/      other contents, in files named by number, never by a client's name
//	owner         the process that has the folder open
//
// The index alone says what exists. A file of objects/ is complete and durable
// before the index names it, and is removed after the index forgot it. So a
// crash leaves files that nobody names, never names without a file; the next
// start removes the former. That is why no file needs a temporary name.
type DiskStore struct {
	dir    string // absolute
	db     *bbolt.DB
	noSync bool
	log    *slog.Logger

	ids struct {
		sync.Mutex
		next, limit uint64 // numbers up to limit are reserved in the index
	}
	dirty struct {
		sync.Mutex
		dirs map[string]struct{} // got a file since the last commit
	}
	inline  inlined
	made    sync.Map // folders that are known to exist
	updates chan *update
	closing sync.RWMutex // held for reading by Update while it queues
	closed  bool
	work    sync.WaitGroup
}

const (
	indexFile  = "index.db"
	ownerFile  = "owner"
	objectsDir = "objects"

	// lockWait is how long a second process waits for the folder.
	lockWait = 2 * time.Second
)

// OpenDiskStore opens the store in the folder dir, which is made when it is
// missing. Only one process can have it open; the next waits 2 seconds and then
// gives up, naming the first. After a crash the store is checked before it
// opens, which reads the whole index and looks at every object.
func OpenDiskStore(dir string, o DiskOptions) (*DiskStore, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, objectsDir), 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("b2server: the store's folder cannot be made: %w", err)
	}
	d := &DiskStore{dir: dir, noSync: o.NoSync, log: o.Log, updates: make(chan *update, maxGroup)}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.dirty.dirs = map[string]struct{}{}
	d.inline.fresh, d.inline.gone = map[uint64][]byte{}, map[uint64]struct{}{}
	if err := d.open(); err != nil {
		if d.db != nil {
			_ = d.db.Close()
		}
		return nil, fmt.Errorf("b2server: the store in %s cannot be opened: %w", dir, err)
	}
	return d, nil
}

// path is the place of a file of the store, given relative to its folder.
func (d *DiskStore) path(name string) string { return filepath.Join(d.dir, name) }

func (d *DiskStore) open() (err error) {
	for _, dir := range []string{filepath.Dir(d.dir), d.dir} { // the folder may be new
		if err := d.syncDir(dir); err != nil {
			return err
		}
	}
	d.db, err = bbolt.Open(d.path(indexFile), 0o600, &bbolt.Options{
		Timeout: lockWait, NoSync: d.noSync, NoGrowSync: d.noSync, FreelistType: bbolt.FreelistMapType,
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return d.inUse()
	}
	if err != nil {
		return fmt.Errorf("the index: %w", err)
	}
	if err := os.WriteFile(d.path(ownerFile), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return err
	}
	crashed, err := d.begin()
	if err != nil {
		return fmt.Errorf("the index: %w", err)
	}
	d.work.Go(d.commitAll)
	if crashed {
		if err := d.repair(); err != nil {
			d.stopCommits()
			return fmt.Errorf("checking it after a crash: %w", err)
		}
	}
	return nil
}

// inUse names the process that has the folder.
func (d *DiskStore) inUse() error {
	owner, err := os.ReadFile(d.path(ownerFile))
	if err != nil {
		return errors.New("another process uses it")
	}
	return fmt.Errorf("process %s uses it: stop that one, or choose another folder", strings.TrimSpace(string(owner)))
}

// openKey is in the index while the store is open: finding it at the start
// means that the last process did not end well.
var (
	openKey = []byte("open")
	idsKey  = []byte("ids")
)

// begin makes the tables, marks the store as open and answers whether it was.
func (d *DiskStore) begin() (crashed bool, err error) {
	err = d.db.Update(func(tx *bbolt.Tx) error {
		for t := range tableCount {
			if _, err := tx.CreateBucketIfNotExists([]byte(t.String())); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(tableMeta.String()))
		crashed = meta.Get(openKey) != nil
		if raw := meta.Get(idsKey); raw != nil {
			d.ids.limit = binary.BigEndian.Uint64(raw)
		}
		d.ids.next = d.ids.limit
		return meta.Put(openKey, []byte{1})
	})
	return crashed, err
}

// Close implements Store. Updates that wait are finished first.
func (d *DiskStore) Close() error {
	if !d.stopCommits() {
		return nil
	}
	err := d.db.Update(func(tx *bbolt.Tx) error {
		if _, err := d.inline.flush(tx); err != nil {
			return err
		}
		return tx.Bucket([]byte(tableMeta.String())).Delete(openKey)
	})
	return errors.Join(err, d.db.Close())
}

// View implements Store.
func (d *DiskStore) View(fn func(Tx) error) error {
	return d.db.View(func(tx *bbolt.Tx) error { return fn(&diskTx{tx: tx}) })
}

// NextID implements Store. Numbers are reserved in the index many at a time; a
// crash skips those that were left.
func (d *DiskStore) NextID() (uint64, error) {
	const reserve = 1 << 16
	d.ids.Lock()
	defer d.ids.Unlock()
	if d.ids.next == d.ids.limit {
		limit := d.ids.limit + reserve
		err := d.Update(func(tx Tx) error { return tx.Put(tableMeta, idsKey, numberKey(limit)) })
		if err != nil {
			return 0, err
		}
		d.ids.limit = limit
	}
	d.ids.next++
	return d.ids.next, nil
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

// Commit makes the file's bytes durable. Its name becomes so with the commit of
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
	if _, ok := d.made.Load(dir); ok {
		return nil
	}
	if err := os.MkdirAll(d.path(dir), 0o700); err != nil {
		return err
	}
	d.soil(filepath.Dir(dir))
	d.soil(objectsDir)
	d.made.Store(dir, struct{}{})
	return nil
}

// soil notes that a folder must be synced by the next commit.
func (d *DiskStore) soil(dir string) {
	if d.noSync {
		return
	}
	d.dirty.Lock()
	defer d.dirty.Unlock()
	d.dirty.dirs[dir] = struct{}{}
}

// syncDirty syncs the folders that got files since the last commit.
func (d *DiskStore) syncDirty() error {
	d.dirty.Lock()
	dirs := d.dirty.dirs
	d.dirty.dirs = map[string]struct{}{}
	d.dirty.Unlock()
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
