package b2server

import (
	"net/http"
	"strconv"

	"github.com/bowline-sync/bowline/internal/wire"
)

func noActiveUpload(id string) *apiError { return badRequest("No active upload for: %s", id) }

// unfinished finds a large file that is not finished, for a caller that may
// write it.
func (c *call) unfinished(tx Tx, id string) (*version, error) {
	v, err := find(tx, id)
	if err != nil {
		return nil, err
	}
	if v == nil || v.Action != actionStart {
		return nil, noActiveUpload(id)
	}
	return v, c.allows(v)
}

func (c *call) viewUnfinished(id string) (v *version, err error) {
	err = c.s.store.View(func(tx Tx) (err error) {
		v, err = c.unfinished(tx, id)
		return err
	})
	return v, err
}

func (c *call) startLargeFile(req *wire.StartLargeFileRequest) (any, error) {
	b, err := c.bucketFor(req.BucketID, req.FileName)
	if err != nil {
		return nil, err
	}
	if err := c.storageCap(0); err != nil {
		return nil, err
	}
	v, custom, err := c.started(req, b)
	if err != nil {
		return nil, err
	}
	raw, _ := rawBucket(b.ID)
	err = c.s.store.Update(func(tx Tx) error {
		if err := insert(tx, v, custom); err != nil {
			return err
		}
		return tx.Put(tableUnfinished, unfinishedKey(raw, v.Number), v.key())
	})
	if err != nil {
		return nil, err
	}
	return c.answerFile(v, "")
}

// started makes the version of a large file that begins.
func (c *call) started(req *wire.StartLargeFileRequest, b *bucket) (v *version, custom bool, err error) {
	v = &version{Bucket: b.ID, Name: req.FileName, Time: c.now.UnixMilli(), Action: actionStart,
		Large: true, SHA1: wire.SHA1None, Info: infoFromJSON(req.FileInfo)}
	if req.ContentType == "" {
		return nil, false, badRequest("required field contentType is missing")
	}
	if v.ContentType, err = contentType(req.ContentType, req.FileName); err != nil {
		return nil, false, err
	}
	sse, err := sseFromJSON(req.SSE)
	if err != nil {
		return nil, false, err
	}
	if err := checkInfo(v.Name, v.Info, sse.mode != sseNone || b.LockEnabled); err != nil {
		return nil, false, err
	}
	v.Seal = seal{Mode: sse.mode, KeyMD5: sse.md5}
	if sse.mode == sseNone {
		v.Seal.Mode = b.defaultSSE()
	}
	if v.Lock, err = c.lock(lockRequest{retention: req.FileRetention, hold: req.LegalHold}, b, c.key); err != nil {
		return nil, false, err
	}
	at := req.CustomUploadTimestamp
	if at == nil {
		at = req.MisspeltTimestamp
	}
	if err := c.customTime(at); err != nil {
		return nil, false, err
	}
	if at != nil {
		v.Time = *at
	}
	v.Number, err = c.s.store.NextID()
	return v, at != nil, err
}

func (c *call) getUploadPartURL(req *wire.FileIDRequest) (any, error) {
	if _, ok := fileNumber(req.FileID); !ok {
		return nil, badRequest("Not a valid file id: %s", req.FileID) // this call's own words, by its documentation
	}
	if _, err := c.viewUnfinished(req.FileID); err != nil {
		return nil, err
	}
	if err := c.storageCap(0); err != nil {
		return nil, err
	}
	url, token := c.uploadTarget(wire.CallUploadPart, tokenPart, req.FileID)
	return wire.UploadPartURLResponse{FileID: req.FileID, UploadURL: url, AuthorizationToken: token}, nil
}

// uploadPart stores a part; one that has the same number is replaced.
func (c *call) uploadPart() (any, error) {
	t, err := c.uploading(tokenPart)
	if err != nil {
		return nil, err
	}
	defer c.s.busy.free(t.Nonce)
	if err := c.failedByTest(); err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(header(c.r.Header, wire.HeaderPartNumber))
	if err != nil {
		return nil, badRequest("Missing or bad header: %s", wire.HeaderPartNumber)
	}
	v, err := c.viewUnfinished(t.Subject)
	if err != nil {
		return nil, err
	}
	sse, err := sseFromHeaders(c.r.Header)
	if err != nil {
		return nil, err
	}
	p, err := c.newPart(v, number, &sse)
	if err != nil {
		return nil, err
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	if body.size == 0 {
		return nil, badRequest("a part must have at least 1 byte")
	}
	st, err := c.s.keep(p.blob(v.Number), body, body.size, &sse, false, body.check)
	if err != nil {
		return nil, body.failure(err)
	}
	p.Size, p.Seal, p.SHA1 = st.size, st.seal, body.answer(st.sha1)
	return c.putPart(t.Subject, v, p)
}

// newPart checks the number of a part and the key for it.
func (c *call) newPart(v *version, number int, sse *sseRequest) (*part, error) {
	if number < 1 || number > wire.MaxParts {
		return nil, badRequest("the part number must be 1 to %d", wire.MaxParts)
	}
	if sse.mode == sseB2 && v.Seal.Mode == sseB2 {
		sse.mode = sseNone
	}
	if err := sse.check(&v.Seal); err != nil {
		return nil, err
	}
	sse.mode = v.Seal.Mode
	try, err := c.s.store.NextID()
	return &part{Number: uint32(number), Try: try, Time: c.now.UnixMilli()}, err
}

// putPart keeps a part whose blob is complete, if its file is still open.
func (c *call) putPart(fileID string, v *version, p *part) (any, error) {
	var replaced *part
	err := c.s.store.Update(func(tx Tx) error {
		if _, err := c.unfinished(tx, fileID); err != nil {
			return err
		}
		key := partKey(v.Number, p.Number)
		if raw := tx.Get(tableParts, key); raw != nil {
			old, err := decodePart(key, raw)
			if err != nil {
				return err
			}
			replaced = &old
		}
		return tx.Put(tableParts, key, p.encode())
	})
	if err != nil {
		_ = c.s.store.RemoveBlob(p.blob(v.Number))
		return nil, err
	}
	c.s.usage.stored.Add(p.Size)
	if replaced != nil {
		c.s.removed(&removal{blobs: []BlobID{replaced.blob(v.Number)}, size: replaced.Size})
	}
	return partAnswer(fileID, p), nil
}

func partAnswer(fileID string, p *part) wire.Part {
	return wire.Part{FileID: fileID, PartNumber: int(p.Number), ContentLength: p.Size,
		ContentSHA1: p.SHA1, UploadTimestamp: p.Time, SSE: p.Seal.wire()}
}

func (c *call) listParts(req *wire.ListPartsRequest) (any, error) {
	count, err := pageSize(req.MaxPartCount, wire.MaxListParts, "maxPartCount")
	if err != nil {
		return nil, err
	}
	start := 1
	if req.StartPartNumber != nil {
		start = *req.StartPartNumber
	}
	if start < 1 || start > wire.MaxParts {
		return nil, fail(http.StatusBadRequest, wire.CodeOutOfRange, "startPartNumber must be 1 to %d", wire.MaxParts)
	}
	answer := wire.ListPartsResponse{Parts: []wire.Part{}}
	err = c.s.store.View(func(tx Tx) error {
		v, err := c.unfinished(tx, req.FileID)
		if err != nil {
			return err
		}
		parts, err := partsOf(tx, v.Number)
		if err != nil {
			return err
		}
		for _, p := range parts {
			switch {
			case int(p.Number) < start:
			case len(answer.Parts) == count:
				answer.NextPartNumber = new(int(p.Number))
				return nil
			default:
				answer.Parts = append(answer.Parts, partAnswer(req.FileID, &p))
			}
		}
		return nil
	})
	c.listed(len(answer.Parts))
	return answer, err
}

func (c *call) finishLargeFile(req *wire.FinishLargeFileRequest) (any, error) {
	var v *version
	err := c.s.store.Update(func(tx Tx) (err error) {
		if v, err = c.unfinished(tx, req.FileID); err != nil {
			return err
		}
		parts, err := partsOf(tx, v.Number)
		if err != nil {
			return err
		}
		if err := c.checkParts(parts, req.PartSHA1Array); err != nil {
			return err
		}
		for _, p := range parts {
			v.Size += p.Size
		}
		v.Action = actionUpload
		if b := c.s.buckets.byID(v.Bucket); b != nil {
			v.Replication = b.replicationOf(v)
		}
		raw, _ := rawBucket(v.Bucket)
		if err := tx.Delete(tableUnfinished, unfinishedKey(raw, v.Number)); err != nil {
			return err
		}
		return tx.Put(tableVersions, v.key(), v.encode())
	})
	if err != nil {
		return nil, err
	}
	c.s.notifier.send(c.s.buckets.byID(v.Bucket), eventMultipart, v, c.now)
	return c.answerFile(v, "")
}

// checkParts compares the parts with the hashes that the client lists.
func (c *call) checkParts(parts []part, hashes []string) error {
	const minParts = 2
	if len(hashes) < minParts {
		return badRequest("large files must have at least %d parts", minParts)
	}
	if len(hashes) > wire.MaxParts {
		return badRequest("large files must have at most %d parts", wire.MaxParts)
	}
	var total int64
	for i, want := range hashes {
		if i >= len(parts) || int(parts[i].Number) != i+1 {
			return fail(http.StatusBadRequest, wire.CodeMissingPart, "part number %d has not been uploaded", i+1)
		}
		p := &parts[i]
		if got, _ := trimUnverified(p.SHA1); got != want {
			return fail(http.StatusBadRequest, wire.CodePartSHA1Mismatch, "sha1 of part %d does not match: %s", i+1, want)
		}
		total += p.Size
	}
	if len(parts) > len(hashes) {
		return fail(http.StatusBadRequest, wire.CodePartSHA1Mismatch, "partSha1Array has %d hashes, but %d parts were uploaded", len(hashes), len(parts))
	}
	for _, p := range parts[:len(parts)-1] {
		if p.Size < c.s.cfg.MinPartSize {
			return badRequest("Part number %d is smaller than %d bytes", p.Number, c.s.cfg.MinPartSize)
		}
	}
	if total > wire.MaxFileSize {
		return badRequest("the file is longer than %d bytes", int64(wire.MaxFileSize))
	}
	return nil
}

func (c *call) cancelLargeFile(req *wire.FileIDRequest) (any, error) {
	v, err := c.s.remove(func(tx Tx) (*version, error) { return c.unfinished(tx, req.FileID) })
	if err != nil {
		return nil, err
	}
	return wire.CancelLargeFileResponse{FileID: req.FileID, AccountID: c.s.account,
		BucketID: v.Bucket, FileName: v.Name}, nil
}

// listUnfinished lists large files that are not finished, oldest start first.
func (c *call) listUnfinished(req *wire.ListUnfinishedRequest) (any, error) {
	b, err := c.bucket(req.BucketID)
	if err != nil {
		return nil, err
	}
	count, err := pageSize(req.MaxFileCount, wire.MaxListUnfinished, "maxFileCount")
	if err != nil {
		return nil, err
	}
	prefix, err := c.listPrefix(value(req.NamePrefix))
	if err != nil {
		return nil, err
	}
	var from uint64
	if id := value(req.StartFileID); id != "" {
		var ok bool
		if from, ok = fileNumber(id); !ok {
			return nil, fail(http.StatusBadRequest, wire.CodeInvalidFileID, "Invalid fileId: %s", id)
		}
	}
	p := newPage(c, b, prefix, count)
	defer p.release()
	if err := c.s.store.View(func(tx Tx) error { return p.unfinished(tx, from) }); err != nil {
		return nil, err
	}
	return nil, p.send(c, "", "nextFileId")
}

func trimUnverified(sha1 string) (string, bool) {
	const n = len(wire.SHA1Unverified)
	if len(sha1) > n && sha1[:n] == wire.SHA1Unverified {
		return sha1[n:], true
	}
	return sha1, false
}
