package b2server

import (
	"net/http"

	"github.com/bowline-sync/bowline/internal/wire"
)

// source is the version that a copy reads, and the part of it.
type source struct {
	version *version
	content *content
	off, n  int64
	whole   bool
}

// source finds what a copy reads, and checks that this caller may.
func (c *call) source(id string, rangeText *string, sse *wire.SSE) (*source, error) {
	var v *version
	err := c.s.store.View(func(tx Tx) (err error) {
		v, err = find(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if v == nil || v.Action != actionUpload {
		return nil, notFound("File not present: %s", id)
	}
	if err := c.allows(v); err != nil {
		return nil, err
	}
	if b := c.s.buckets.byID(v.Bucket); b == nil || b.Type != wire.AllPublic && !c.key.can(wire.CapReadFiles) {
		return nil, unauthorized("the key lacks the capability readFiles")
	}
	shown, err := sseFromJSON(sse)
	if err != nil {
		return nil, err
	}
	if shown.mode == sseB2 {
		shown.mode = sseNone
	}
	from := &source{version: v, n: v.Size, whole: true}
	if r := value(rangeText); r != "" {
		partial := false
		if from.off, from.n, partial, err = parseRange(r, v.Size); err != nil {
			return nil, err
		}
		if !partial {
			return nil, badRequest("Invalid range: %s", r)
		}
		from.whole = from.n == v.Size
	}
	if from.n > wire.MaxSinglePart {
		return nil, fail(http.StatusBadRequest, wire.CodeSourceTooLarge, "Copy source too big: %d", from.n)
	}
	if err := c.storageCap(from.n); err != nil {
		return nil, err
	}
	from.content, err = c.s.content(v, &shown)
	return from, err
}

// into copies the source into a new blob.
func (from *source) into(c *call, id BlobID, sse *sseRequest, withMD5 bool) (stored, error) {
	r, err := from.content.reader(from.off, from.n)
	if err != nil {
		return stored{}, err
	}
	defer r.Close()
	return c.s.keep(id, r, from.n, sse, withMD5, func(string) error { return nil })
}

func (c *call) copyFile(req *wire.CopyFileRequest) (any, error) {
	from, err := c.source(req.SourceFileID, req.Range, req.SourceSSE)
	if err != nil {
		return nil, err
	}
	to := from.version.Bucket
	if req.DestinationBucketID != nil {
		to = *req.DestinationBucketID
	}
	b, err := c.bucket(to)
	if err != nil {
		return nil, err
	}
	v, sse, err := c.copied(req, from.version, b)
	if err != nil {
		return nil, err
	}
	// The service has been seen to give hashes to copies of small files.
	withMD5 := !from.version.Large
	st, err := from.into(c, BlobID{File: v.Number}, &sse, withMD5)
	if err != nil {
		return nil, err
	}
	v.Size, v.MD5, v.Seal, v.SHA1 = st.size, st.md5, st.seal, st.sha1
	if from.whole && !from.version.Large {
		v.SHA1 = from.version.SHA1 // which may say that it is unverified
	}
	v.Replication = b.replicationOf(v)
	if err := c.s.store.Update(func(tx Tx) error { return insert(tx, v, false) }); err != nil {
		_ = c.s.store.RemoveBlob(BlobID{File: v.Number})
		return nil, err
	}
	c.s.usage.stored.Add(v.Size)
	c.s.notifier.send(b, eventCopy, v, c.now)
	return c.answerFile(v, wire.ActionCopy)
}

// copied makes the version that a copy becomes.
func (c *call) copied(req *wire.CopyFileRequest, from *version, b *bucket) (v *version, sse sseRequest, err error) {
	if err := c.mayWrite(req.FileName); err != nil {
		return nil, sse, err
	}
	v = &version{Bucket: b.ID, Name: req.FileName, Time: c.now.UnixMilli(), Action: actionUpload}
	if err := v.describe(req, from); err != nil {
		return nil, sse, err
	}
	if sse, err = sseFromJSON(req.DestinationSSE); err != nil {
		return nil, sse, err
	}
	if err := checkInfo(v.Name, v.Info, sse.mode != sseNone || b.LockEnabled); err != nil {
		return nil, sse, err
	}
	if sse.mode == sseNone {
		sse.mode = b.defaultSSE()
	}
	if v.Lock, err = c.lock(lockRequest{retention: req.FileRetention, hold: req.LegalHold}, b, c.key); err != nil {
		return nil, sse, err
	}
	v.Number, err = c.s.store.NextID()
	return v, sse, err
}

// describe gives a copy its type and info: the source's, or those of the
// request.
func (v *version) describe(req *wire.CopyFileRequest, from *version) (err error) {
	switch value(req.MetadataDirective) {
	case "", wire.DirectiveCopy:
		if req.ContentType != nil || req.FileInfo != nil {
			return badRequest("contentType and fileInfo must not be given with metadataDirective COPY")
		}
		v.ContentType, v.Info = from.ContentType, from.Info
		return nil
	case wire.DirectiveReplace:
		if value(req.ContentType) == "" {
			return badRequest("metadataDirective REPLACE needs contentType")
		}
		v.Info = infoFromJSON(req.FileInfo)
		v.ContentType, err = contentType(*req.ContentType, req.FileName)
		return err
	}
	return badRequest("metadataDirective must be COPY or REPLACE")
}

func (c *call) copyPart(req *wire.CopyPartRequest) (any, error) {
	v, err := c.viewUnfinished(req.LargeFileID)
	if err != nil {
		return nil, err
	}
	from, err := c.source(req.SourceFileID, req.Range, req.SourceSSE)
	if err != nil {
		return nil, err
	}
	if from.n == 0 {
		return nil, badRequest("a part must have at least 1 byte")
	}
	sse, err := sseFromJSON(req.DestinationSSE)
	if err != nil {
		return nil, err
	}
	p, err := c.newPart(v, req.PartNumber, &sse)
	if err != nil {
		return nil, err
	}
	st, err := from.into(c, p.blob(v.Number), &sse, false)
	if err != nil {
		return nil, err
	}
	p.Size, p.Seal, p.SHA1 = st.size, st.seal, st.sha1
	return c.putPart(req.LargeFileID, v, p)
}
