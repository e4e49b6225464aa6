package b2server

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"unsafe"

	"github.com/bowline-sync/bowline/internal/wire"
)

const defaultPage = 100

// pageSize checks the number of entries that a listing asks for; nil and 0 are
// the default.
func pageSize(given *int, most int, field string) (int, error) {
	n := value(given)
	if n < 0 || n > most {
		return 0, fail(http.StatusBadRequest, wire.CodeOutOfRange, "%s must be 0 to %d", field, most)
	}
	if n == 0 {
		n = defaultPage
	}
	return n, nil
}

// listPrefix checks the prefix of a listing against the key's. Version 1
// narrows a wider listing in place of refusing it.
func (c *call) listPrefix(prefix string) (string, error) {
	if c.key.allowsName(prefix) {
		return prefix, nil
	}
	own := value(c.key.Prefix)
	if c.version == 1 && strings.HasPrefix(own, prefix) {
		return own, nil
	}
	return "", unauthorized("the prefix must begin with the key's: %s", own)
}

func (c *call) listFileNames(req *wire.ListFileNamesRequest) (any, error) {
	p, err := c.page(req.BucketID, value(req.Prefix), value(req.Delimiter), req.MaxFileCount)
	if err != nil {
		return nil, err
	}
	defer p.release()
	p.start = value(req.StartFileName)
	if err := c.s.store.View(p.names); err != nil {
		return nil, err
	}
	return nil, p.send(c, "nextFileName", "")
}

func (c *call) listFileVersions(req *wire.ListFileVersionsRequest) (any, error) {
	p, err := c.page(req.BucketID, value(req.Prefix), value(req.Delimiter), req.MaxFileCount)
	if err != nil {
		return nil, err
	}
	defer p.release()
	p.start = value(req.StartFileName)
	if id := value(req.StartFileID); id != "" {
		if p.start == "" {
			return nil, badRequest("startFileId needs startFileName")
		}
		ms, ok := timeInID(id)
		if !ok {
			return nil, fail(http.StatusBadRequest, wire.CodeInvalidFileID, "Invalid fileId: %s", id)
		}
		p.startTime = &ms
	}
	if err := c.s.store.View(p.versions); err != nil {
		return nil, err
	}
	return nil, p.send(c, "nextFileName", "nextFileId")
}

// page is a page of a listing while it is being made.
type page struct {
	shape     shape
	bucket    string
	raw       []byte // the bucket in keys
	prefix    string
	delimiter string
	start     string
	startTime *int64
	count     int

	memory   *[]byte // of b, from and for the pool
	b        []byte  // the answer so far
	entries  int
	scanned  int
	nextName string // "" is the end
	nextID   string // "" is null
	v        version
}

// page checks what both listings of files have in common.
func (c *call) page(bucketID, prefix, delimiter string, count *int) (*page, error) {
	b, err := c.bucket(bucketID)
	if err != nil {
		return nil, err
	}
	n, err := pageSize(count, wire.MaxListFiles, "maxFileCount")
	if err != nil {
		return nil, err
	}
	if prefix, err = c.listPrefix(prefix); err != nil {
		return nil, err
	}
	p := newPage(c, b, prefix, n)
	p.delimiter = delimiter
	return p, nil
}

func newPage(c *call, b *bucket, prefix string, count int) *page {
	p := &page{shape: c.shape(b.ID), bucket: b.ID, prefix: prefix, count: count}
	p.shape.list = true
	p.raw, _ = rawBucket(b.ID)
	p.memory = pageMemory.Get().(*[]byte)
	p.b = append((*p.memory)[:0], `{"files":[`...)
	return p
}

// pageMemory holds the memory of pages; one of 10,000 entries has 7 MB.
var pageMemory = sync.Pool{New: func() any { return new([]byte) }}

// release gives the memory of the answer back.
func (p *page) release() {
	*p.memory = p.b
	pageMemory.Put(p.memory)
}

// maxScan bounds the entries that one page looks at. A page over very many
// hidden names ends early, with the place to go on from.
const maxScan = 500_000

// from is the first key of the page.
func (p *page) from() []byte {
	if p.start < p.prefix {
		return append(bytes.Clone(p.raw), p.prefix...)
	}
	if p.startTime != nil {
		return versionKey(p.raw, p.start, *p.startTime)
	}
	return append(bytes.Clone(p.raw), p.start...)
}

// names lists the newest finished version of each name that is not hidden.
func (p *page) names(tx Tx) error {
	cur := tx.Cursor(tableVersions)
	within := append(bytes.Clone(p.raw), p.prefix...)
	key, raw := cur.Seek(p.from())
	for bytes.HasPrefix(key, within) {
		p.scanned++
		if action(raw[1]) == actionStart { // neither shown nor hiding what is older
			key, raw = cur.Next()
			continue
		}
		name, _ := splitVersionKey(key)
		visible := action(raw[1]) != actionHide
		folder := p.folder(name)
		if visible || p.scanned > maxScan {
			if p.full(name, folder) {
				return nil
			}
			if err := p.add(key, raw, folder); err != nil {
				return err
			}
		}
		if visible && folder != nil {
			key, raw = cur.Seek(p.after(folder))
		} else {
			key, raw = skipName(cur, key)
		}
	}
	return nil
}

// skipName moves past the other versions of a name: by steps while they are
// few, then by seeking.
func skipName(cur Cursor, key []byte) (k, raw []byte) {
	const steps = 4
	prefix := keyName(key)
	for range steps {
		k, raw = cur.Next()
		if len(k) != len(key) || !bytes.HasPrefix(k, prefix) {
			return k, raw
		}
	}
	return cur.Seek(nameEnd(key))
}

// versions lists everything.
func (p *page) versions(tx Tx) error {
	cur := tx.Cursor(tableVersions)
	within := append(bytes.Clone(p.raw), p.prefix...)
	key, raw := cur.Seek(p.from())
	for bytes.HasPrefix(key, within) {
		name, _ := splitVersionKey(key)
		folder := p.folder(name)
		if p.full(name, folder) {
			if folder == nil {
				if err := p.v.decode(key, raw); err != nil {
					return err
				}
				p.nextID = p.v.id()
			}
			return nil
		}
		if err := p.add(key, raw, folder); err != nil {
			return err
		}
		if folder != nil {
			key, raw = cur.Seek(p.after(folder))
		} else {
			key, raw = cur.Next()
		}
	}
	return nil
}

// unfinished lists large files that are not finished.
func (p *page) unfinished(tx Tx, from uint64) error {
	cur := tx.Cursor(tableUnfinished)
	for k, key := cur.Seek(unfinishedKey(p.raw, from)); bytes.HasPrefix(k, p.raw); k, key = cur.Next() {
		name, _ := splitVersionKey(key)
		if !bytes.HasPrefix(name, []byte(p.prefix)) {
			continue
		}
		raw := tx.Get(tableVersions, key)
		if p.full(name, nil) {
			if err := p.v.decode(key, raw); err != nil {
				return err
			}
			p.nextID = p.v.id()
			return nil
		}
		if err := p.add(key, raw, nil); err != nil {
			return err
		}
	}
	return nil
}

// folder is the folder that a name is in, seen from the prefix; nil when it is
// in none.
func (p *page) folder(name []byte) []byte {
	if p.delimiter == "" {
		return nil
	}
	i := bytes.Index(name[len(p.prefix):], []byte(p.delimiter))
	if i < 0 {
		return nil
	}
	return name[:len(p.prefix)+i+len(p.delimiter)]
}

// after is the first key behind all names of a folder. Names are UTF-8, which
// has no byte 0xFF.
func (p *page) after(folder []byte) []byte {
	return append(append(bytes.Clone(p.raw), folder...), 0xFF)
}

// full says that the page ends before this name, and remembers where the next
// begins.
func (p *page) full(name, folder []byte) bool {
	if p.entries < p.count && p.scanned <= maxScan {
		return false
	}
	p.nextName = string(name)
	if folder != nil {
		p.nextName = string(folder)
	}
	return true
}

func (p *page) add(key, raw, folder []byte) error {
	if p.entries > 0 {
		p.b = append(p.b, ',')
	}
	p.entries++
	if folder != nil {
		p.b = appendFolder(p.b, string(folder), p.bucket, p.shape)
		return nil
	}
	name, ms := splitVersionKey(key)
	if err := p.v.read(p.bucket, borrow(name), ms, borrow(raw)); err != nil {
		return err
	}
	p.b = appendFile(p.b, &p.v, p.shape)
	return nil
}

// borrow reads bytes of the index as a string without copying them. The string
// is good until the transaction ends; here it is rendered at once.
func borrow(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// send answers the page; the names of the fields that say where the next one
// begins are "" when the listing has none.
func (p *page) send(c *call, nameField, idField string) error {
	p.b = append(p.b, ']')
	for _, f := range [2]struct{ field, value string }{{idField, p.nextID}, {nameField, p.nextName}} {
		if f.field != "" {
			p.b = append(append(append(p.b, `,"`...), f.field...), `":`...)
			p.b = appendNullable(p.b, f.value)
		}
	}
	p.b = append(p.b, '}')
	c.listed(p.entries)
	c.w.json(http.StatusOK, p.b)
	return nil
}
