package b2server

import (
	"bytes"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/bowline-sync/bowline/internal/wire"
)

// insert gives a new version its place in the index. Within a name time
// strictly increases, so that order, listing and paging agree; a custom time
// keeps its place in the past.
func insert(tx Tx, v *version, custom bool) error {
	key := v.key()
	if tx.Get(tableBuckets, keyBucket(key)) == nil {
		return noBucket(v.Bucket)
	}
	if custom {
		for tx.Get(tableVersions, key) != nil {
			v.Time++
			key = v.key()
		}
	} else if newest, ok := newestTime(tx, keyName(key)); ok && newest >= v.Time {
		v.Time = newest + 1
		key = v.key()
	}
	if err := tx.Put(tableVersions, key, v.encode()); err != nil {
		return err
	}
	return tx.Put(tableFiles, numberKey(v.Number), key)
}

// newestTime answers the time of the newest version of a name, given as the
// name's part of a version key.
func newestTime(tx Tx, name []byte) (ms int64, ok bool) {
	key, _ := tx.Cursor(tableVersions).Seek(name)
	if !bytes.HasPrefix(key, name) {
		return 0, false
	}
	_, ms = splitVersionKey(key)
	return ms, true
}

// current finds the version that a name shows: the newest finished one, or a
// hide marker; nil when there is none.
func current(tx Tx, bucket []byte, name string) (*version, error) {
	prefix := appendNameKey(make([]byte, 0, 13+len(name)), bucket, name)
	cur := tx.Cursor(tableVersions)
	for key, raw := cur.Seek(prefix); bytes.HasPrefix(key, prefix); key, raw = cur.Next() {
		v := new(version)
		if err := v.decode(key, raw); err != nil {
			return nil, err
		}
		if v.Action != actionStart {
			return v, nil
		}
	}
	return nil, nil
}

// find finds a version by its id; nil when there is none. An id that is none
// is an error.
func find(tx Tx, id string) (*version, error) {
	number, ok := fileNumber(id)
	if !ok {
		return nil, badRequest("Invalid fileId: %s", id)
	}
	key := tx.Get(tableFiles, numberKey(number))
	if key == nil {
		return nil, nil
	}
	v := new(version)
	if err := v.decode(key, tx.Get(tableVersions, key)); err != nil {
		return nil, err
	}
	if v.id() != id {
		return nil, nil
	}
	return v, nil
}

// namedVersion finds the version that has this name and this id.
func (c *call) namedVersion(tx Tx, name, id string) (*version, error) {
	if id == "" || name == "" {
		return nil, badRequest("required fields fileName and fileId must not be empty")
	}
	v, err := find(tx, id)
	if err != nil {
		return nil, err
	}
	if v == nil || v.Name != name {
		return nil, fail(http.StatusBadRequest, wire.CodeFileNotPresent, "File not present: %s %s", name, id)
	}
	return v, c.allows(v)
}

// allows checks a version against the restrictions of the key.
func (c *call) allows(v *version) error {
	if !c.key.allowsBucket(v.Bucket) || !c.key.allowsName(v.Name) {
		return unauthorized("not allowed for this file")
	}
	return nil
}

func (c *call) getFileInfo(req *wire.FileIDRequest) (any, error) {
	if _, ok := fileNumber(req.FileID); !ok {
		return nil, badRequest("Bad fileId: %s", req.FileID) // kopia takes it for a file that is missing
	}
	var v *version
	err := c.s.store.View(func(tx Tx) (err error) {
		v, err = find(tx, req.FileID)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case v == nil || v.Action == actionStart:
		return nil, notFound("File not present: %s", req.FileID)
	}
	if err := c.allows(v); err != nil {
		return nil, err
	}
	return c.answerFile(v, "")
}

// sha1OfNothing and md5OfNothing are what the service gives to hide markers.
const (
	sha1OfNothing = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	md5OfNothing  = "d41d8cd98f00b204e9800998ecf8427e"
)

func (c *call) hideFile(req *wire.HideFileRequest) (any, error) {
	b, err := c.bucketFor(req.BucketID, req.FileName)
	if err != nil {
		return nil, err
	}
	v, err := c.s.hide(b.ID, req.FileName, c.now.UnixMilli())
	if err != nil {
		return nil, err
	}
	c.s.notifier.send(b, eventHide, v, c.now)
	return c.answerFile(v, "")
}

// hide puts a hide marker on a visible name.
func (s *Server) hide(bucket, name string, ms int64) (*version, error) {
	number, err := s.store.NextID()
	if err != nil {
		return nil, err
	}
	raw, _ := rawBucket(bucket)
	var marker *version
	err = s.store.Update(func(tx Tx) error {
		v, err := current(tx, raw, name)
		switch {
		case err != nil:
			return err
		case v == nil:
			return fail(http.StatusBadRequest, wire.CodeNoSuchFile, "File not present: %s", name)
		case v.Action == actionHide:
			return fail(http.StatusBadRequest, wire.CodeAlreadyHidden, "File already hidden: %s", name)
		}
		marker = &version{Bucket: bucket, Name: name, Time: ms, Number: number, Action: actionHide,
			SHA1: sha1OfNothing, MD5: md5OfNothing, ContentType: wire.HideContentType}
		return insert(tx, marker, false)
	})
	return marker, err
}

func (c *call) deleteFileVersion(req *wire.DeleteFileVersionRequest) (any, error) {
	if req.BypassGovernance {
		if err := c.require(wire.CapBypass); err != nil {
			return nil, err
		}
	}
	v, err := c.s.remove(func(tx Tx) (*version, error) {
		v, err := c.namedVersion(tx, req.FileName, req.FileID)
		if err != nil {
			return nil, err
		}
		return v, v.Lock.protects(c.now, req.BypassGovernance)
	})
	if err != nil {
		return nil, err
	}
	c.s.notifier.send(c.s.buckets.byID(v.Bucket), eventDelete, v, c.now)
	return wire.DeleteFileVersionResponse{FileID: req.FileID, FileName: req.FileName}, nil
}

// removal is a version that left the index, and its blobs, which are removed
// when that is certain.
type removal struct {
	version *version
	blobs   []BlobID
	size    int64
}

// remove takes a version, finished or not, out of the index.
func remove(tx Tx, v *version) (*removal, error) {
	gone := &removal{version: v, size: v.Size}
	raw, _ := rawBucket(v.Bucket)
	if v.Large {
		parts, err := partsOf(tx, v.Number)
		if err != nil {
			return nil, err
		}
		gone.size = 0
		for _, p := range parts {
			gone.blobs = append(gone.blobs, p.blob(v.Number))
			gone.size += p.Size
			if err := tx.Delete(tableParts, partKey(v.Number, p.Number)); err != nil {
				return nil, err
			}
		}
	} else if v.Action == actionUpload {
		gone.blobs = []BlobID{{File: v.Number}}
	}
	if v.Action == actionStart {
		if err := tx.Delete(tableUnfinished, unfinishedKey(raw, v.Number)); err != nil {
			return nil, err
		}
	}
	if err := tx.Delete(tableFiles, numberKey(v.Number)); err != nil {
		return nil, err
	}
	return gone, tx.Delete(tableVersions, v.key())
}

// remove takes the version that choose answers out of the store.
func (s *Server) remove(choose func(Tx) (*version, error)) (v *version, err error) {
	var gone *removal
	err = s.store.Update(func(tx Tx) (err error) {
		if v, err = choose(tx); err != nil {
			return err
		}
		gone, err = remove(tx, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.removed(gone)
	return v, nil
}

// removed drops the blobs of a version that the index no longer has. A blob
// that stays by an error is an orphan, and the next start removes it.
func (s *Server) removed(gone *removal) {
	for _, id := range gone.blobs {
		if err := s.store.RemoveBlob(id); err != nil {
			s.log.Warn("the content of a removed version is still there", slog.Any("blob", id), slog.Any("error", err))
		}
	}
	s.usage.stored.Add(-gone.size)
}

// partsOf lists the parts of a large file in order.
func partsOf(tx Tx, file uint64) (parts []part, err error) {
	prefix := numberKey(file)
	cur := tx.Cursor(tableParts)
	for key, raw := cur.Seek(prefix); bytes.HasPrefix(key, prefix); key, raw = cur.Next() {
		p, err := decodePart(key, raw)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// customTime checks a custom upload time; nil is none.
func (c *call) customTime(ms *int64) error {
	if ms != nil && (*ms < 0 || *ms > c.now.UnixMilli()) {
		return badRequest("the custom upload timestamp must not be in the future")
	}
	return nil
}

func parseCustomTime(header string) (*int64, error) {
	if header == "" {
		return nil, nil
	}
	ms, err := strconv.ParseInt(header, 10, 64)
	if err != nil {
		return nil, badRequest("%s must be a number of milliseconds", wire.HeaderCustomTimestamp)
	}
	return &ms, nil
}

// timeInID is the upload time that a file id repeats.
func timeInID(id string) (int64, bool) {
	if _, ok := fileNumber(id); !ok {
		return 0, false
	}
	ms, err := strconv.ParseInt(id[idLength-14:], 10, 64)
	return ms, err == nil && ms >= 0
}

// nameEnd is the first key after all versions of the name in key: no name has
// a byte of 1, so nothing sorts between.
func nameEnd(key []byte) []byte {
	end := bytes.Clone(keyName(key))
	end[len(end)-1] = 1
	return end
}
