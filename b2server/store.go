package b2server

import (
	"fmt"
	"io"
)

// Store keeps an index and the contents of objects. The rules of B2 are not
// its business: it knows ordered tables of keys and values, and blobs.
//
// A Store is safe for concurrent use. There are two: [NewMemStore] and
// [OpenDiskStore].
type Store interface {
	// View runs fn over a consistent state of the index.
	View(fn func(Tx) error) error

	// Update runs fn alone and keeps its changes, all or none: none when fn
	// fails. When Update returns nil, the changes and every blob committed
	// before it survive a crash.
	Update(fn func(Tx) error) error

	// NextID answers a number that was never answered before, not even before
	// a restart.
	NextID() (uint64, error)

	// CreateBlob begins a blob of about size bytes (a hint).
	CreateBlob(id BlobID, size int64) (BlobWriter, error)

	// OpenBlob opens a blob for reading; fs.ErrNotExist when there is none.
	OpenBlob(id BlobID) (Blob, error)

	// RemoveBlob removes a blob that the index no longer names. A blob that
	// is not there is no error.
	RemoveBlob(id BlobID) error

	Close() error
}

// Table is one of the ordered tables of the index.
type Table byte

// The tables. Keys and values are described where they are encoded.
const (
	tableMeta       Table = iota // account, secrets, counters
	tableKeys                    // application keys by id
	tableBuckets                 // buckets by id
	tableVersions                // bucket, name, newest first: the listings
	tableFiles                   // file number to version key
	tableUnfinished              // bucket and file number of unfinished large files
	tableParts                   // file number and part number to part
	tableContents                // file number to small contents, where a store keeps them here
	tableCount
)

// String is the name under which a store keeps the table.
func (t Table) String() string {
	return [tableCount]string{"meta", "keys", "buckets", "versions", "files", "unfinished", "parts", "contents"}[t]
}

// Tx is a transaction. Slices that it answers are valid until it ends and must
// not be changed; slices given to Put and Delete belong to the store.
type Tx interface {
	Get(t Table, key []byte) []byte // nil when absent
	Cursor(t Table) Cursor
	Put(t Table, key, value []byte) error
	Delete(t Table, key []byte) error
}

// Cursor walks a table in ascending byte order of its keys. A nil key is the
// end. The table must not be changed while a cursor is in use.
type Cursor interface {
	Seek(key []byte) (k, v []byte) // the first entry at or after key
	Next() (k, v []byte)
}

// BlobID names the content of a file, or of one part of a large file. Part is
// 0 for a file that was uploaded whole. Try tells apart the uploads of one
// part, which may be sent again.
type BlobID struct {
	File uint64
	Part uint32
	Try  uint64
}

// String is the name of the blob's file on disk.
func (id BlobID) String() string {
	if id.Part == 0 {
		return fmt.Sprintf("%016x", id.File)
	}
	return fmt.Sprintf("%016x.%05d.%016x", id.File, id.Part, id.Try)
}

// BlobWriter takes the content of one blob. Exactly one of Commit and Abort
// must be called.
type BlobWriter interface {
	io.Writer
	Commit() error // the blob can be opened, and is durable once an Update after it returned
	Abort()
}

// Blob is the content of an object, open for reading.
type Blob interface {
	io.ReaderAt
	io.Closer
	Size() int64
}
