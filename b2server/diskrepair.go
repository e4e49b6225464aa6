package b2server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"go.etcd.io/bbolt"
)

// repair makes index and objects agree again after a crash. With fsync only
// orphans can be found: contents that no version names yet, or any more.
// Without fsync a loss of power can also have taken contents; versions that
// lost theirs are dropped, with a word in the log.
func (d *DiskStore) repair() error {
	d.log.Warn("the server did not end well last time: checking the store")
	if err := d.checkIndex(); err != nil {
		return err
	}
	lost, err := d.dropLost()
	if err != nil {
		return err
	}
	orphans, err := d.removeOrphans()
	if err != nil {
		return err
	}
	inline, err := d.removeInlineOrphans()
	if err != nil {
		return err
	}
	orphans += inline
	d.log.Info("the store is in order", slog.Int("lost", lost), slog.Int("orphans", orphans))
	return nil
}

// checkIndex has bbolt check the structure of its file.
func (d *DiskStore) checkIndex() error {
	return d.index.db.View(func(tx *bbolt.Tx) error {
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = fmt.Errorf("the index is damaged: %w", err)
			}
		}
		return first
	})
}

// dropLost removes versions and parts whose content is not there.
func (d *DiskStore) dropLost() (lost int, err error) {
	const batch = 1000
	var from []byte
	for {
		var bad []version
		next, err := d.findLost(from, batch, &bad)
		if err != nil {
			return lost, err
		}
		for _, v := range bad {
			if lost++; lost == 1 {
				if err := d.checkMounted(); err != nil {
					return 0, err
				}
			}
			d.log.Error("the content of a version is lost: dropping it", slog.String("name", v.Name), slog.String("id", v.id()))
			err := d.Update(func(tx Tx) error {
				_, err := remove(tx, &v)
				return err
			})
			if err != nil {
				return lost, err
			}
		}
		if next == nil {
			return lost, nil
		}
		from = next
	}
}

// checkMounted refuses to drop what was lost when nothing at all is left: the
// disk of the objects is then more likely to be elsewhere than gone.
func (d *DiskStore) checkMounted() error {
	found, err := d.anyObject()
	if err == nil && !found {
		err = fmt.Errorf("%s holds no file, but the index names contents there: mount its disk, or put a copy of the whole folder in place", d.path(objectsDir))
	}
	return err
}

// anyObject says whether there is any file below objects/.
func (d *DiskStore) anyObject() (bool, error) {
	found := errors.New("found")
	err := d.eachFile(objectsDir, func(string, string) error { return found })
	if errors.Is(err, found) {
		return true, nil
	}
	return false, err
}

// findLost looks at versions from a key on until it has found some.
func (d *DiskStore) findLost(from []byte, most int, bad *[]version) (next []byte, err error) {
	err = d.View(func(tx Tx) error {
		cur := tx.Cursor(tableVersions)
		for key, raw := cur.Seek(from); key != nil; key, raw = cur.Next() {
			if len(*bad) >= most {
				next = append([]byte(nil), key...)
				return nil
			}
			var v version
			if err := v.decode(key, raw); err != nil {
				return err
			}
			whole, err := d.whole(tx, &v)
			if err != nil {
				return err
			}
			if !whole {
				*bad = append(*bad, v)
			}
		}
		return nil
	})
	return next, err
}

// whole says whether all content of a version is there.
func (d *DiskStore) whole(tx Tx, v *version) (bool, error) {
	if !v.Large {
		if v.Action != actionUpload {
			return true, nil
		}
		return d.present(tx, BlobID{File: v.Number}, v.Size, &v.Seal)
	}
	parts, err := partsOf(tx, v.Number)
	if err != nil {
		return false, err
	}
	for _, p := range parts {
		if ok, err := d.present(tx, p.blob(v.Number), p.Size, &p.Seal); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// present says whether a blob is there with all its bytes.
func (d *DiskStore) present(tx Tx, id BlobID, size int64, l *seal) (bool, error) {
	if len(l.Wrapped) > 0 {
		size = sealedSize(size)
	}
	if id.Part == 0 {
		if raw := tx.Get(tableContents, numberKey(id.File)); raw != nil {
			return int64(len(raw)) == size, nil
		}
	}
	_, path := blobPath(id)
	info, err := os.Stat(d.path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return info.Size() == size, nil
}

// removeOrphans removes contents that the index does not name.
func (d *DiskStore) removeOrphans() (removed int, err error) {
	err = d.eachFile(objectsDir, func(path, name string) error {
		id, ok := parseBlobName(name)
		if !ok {
			return nil // not ours
		}
		var known bool
		err := d.View(func(tx Tx) (err error) {
			known, err = named(tx, id)
			return err
		})
		if err != nil || known {
			return err
		}
		removed++
		return os.Remove(d.path(path))
	})
	return removed, err
}

// removeInlineOrphans does the same for contents in the index.
func (d *DiskStore) removeInlineOrphans() (removed int, err error) {
	err = d.View(func(tx Tx) error {
		cur := tx.Cursor(tableContents)
		for key, _ := cur.Seek(nil); key != nil; key, _ = cur.Next() {
			if tx.Get(tableFiles, key) == nil {
				removed++
				d.inline.gone[binary.BigEndian.Uint64(key)] = struct{}{}
			}
		}
		return nil
	})
	return removed, err
}

// named says whether the index names a blob.
func named(tx Tx, id BlobID) (bool, error) {
	if id.Part == 0 {
		return tx.Get(tableFiles, numberKey(id.File)) != nil, nil
	}
	key := partKey(id.File, id.Part)
	raw := tx.Get(tableParts, key)
	if raw == nil {
		return false, nil
	}
	p, err := decodePart(key, raw)
	return p.Try == id.Try, err
}

// eachFile calls fn for all files below dir, a thousand names in memory at a
// time.
func (d *DiskStore) eachFile(dir string, fn func(path, name string) error) error {
	f, err := os.Open(d.path(dir))
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		entries, err := f.ReadDir(1000)
		for _, e := range entries {
			path := dir + "/" + e.Name()
			if e.IsDir() {
				if err := d.eachFile(path, fn); err != nil {
					return err
				}
			} else if err := fn(path, e.Name()); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
