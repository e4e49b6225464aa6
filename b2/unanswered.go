package b2

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// startLarge announces a large file. When an answer was lost it first looks
// whether the file was started all the same, and then takes that one rather
// than to leave it behind. It may be another client's, who announced the same
// in the same moment: then ours is false, and it is not to be cancelled.
func (c *Client) startLarge(ctx context.Context, req StartLargeFileRequest) (started *File, ours bool, err error) {
	var since time.Time
	err = c.attempt(ctx, func(e *effort) error {
		if since.IsZero() {
			if _, err := c.account(ctx, e); err != nil {
				return err
			}
			since = c.Now().Add(-clockGrain)
		}
		if e.lost && tellable(&req) {
			f, err := unanswered(ctx, e, &req, since)
			if f != nil || err != nil && e.retry { // a key that may not look must do without
				started = f
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		patient, stop := linger(ctx)
		defer stop()
		said, err := post[wire.File](patient, e, wire.CallStartLarge, req)
		if err == nil {
			started, ours = fileOf(said), true
		}
		return err
	})
	return started, ours, err
}

// lingerTime is how long an answer is waited for after the caller has given up.
const lingerTime = 2 * time.Second

// linger is ctx with a moment more, for a request whose answer names what would
// stay behind unknown. stop must be called when it is over.
func linger(ctx context.Context) (late context.Context, stop func()) {
	late, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var waiting sync.WaitGroup
	waiting.Go(func() {
		select {
		case <-ctx.Done():
			_ = sleep(late, lingerTime) // stop ends it early
			cancel(context.Cause(ctx))
		case <-late.Done():
		}
	})
	return late, func() {
		cancel(nil)
		waiting.Wait()
	}
}

// clockGrain is how far the service's clock, which is told in whole seconds, may
// be from what we take it for.
const clockGrain = 2 * time.Second

// tellable says whether a file that was announced like req is as good as ours:
// it has the same content, by its SHA-1, or at least the same name and
// modification time. It is finished with the hashes of our parts, so it cannot
// come to hold another's.
func tellable(req *StartLargeFileRequest) bool {
	told := req.FileInfo[InfoLargeSHA1] != "" || req.FileInfo[InfoModTime] != ""
	return told && req.CustomUploadTimestamp == nil && (req.SSE == nil || *req.SSE.Mode != wire.SSEC)
}

// unanswered finds a file that was started since then as req says, and of which
// nothing is stored; nil if there is none. Of several that are not known to have
// the same content none is taken: only one of them can be ours.
func unanswered(ctx context.Context, e *effort, req *StartLargeFileRequest, since time.Time) (*File, error) {
	list := wire.ListUnfinishedRequest{BucketID: req.BucketID, NamePrefix: maybe(req.FileName), MaxFileCount: new(wire.MaxListUnfinished)}
	var found *File
	for empty := emptyRun(0); ; {
		page, err := post[wire.ListUnfinishedResponse](ctx, e, wire.CallListUnfinished, list)
		if err != nil {
			return nil, err
		}
		for i := range page.Files {
			f := fileOf(&page.Files[i])
			if f.Uploaded < since.UnixMilli() || !f.Announced(req) || f.Info()[InfoLargeSHA1] != req.FileInfo[InfoLargeSHA1] {
				continue
			}
			parts, err := post[wire.ListPartsResponse](ctx, e, wire.CallListParts, wire.ListPartsRequest{FileID: f.ID, MaxPartCount: new(1)})
			if err != nil {
				return nil, err
			}
			switch {
			case len(parts.Parts) > 0:
			case req.FileInfo[InfoLargeSHA1] != "":
				return f, nil
			case found != nil:
				return nil, nil
			default:
				found = f
			}
		}
		if page.NextFileID == nil {
			return found, nil
		}
		if err := empty.after(wire.CallListUnfinished, len(page.Files) == 0); err != nil {
			return nil, err
		}
		if list.StartFileID != nil && *list.StartFileID == *page.NextFileID {
			return nil, stuck(wire.CallListUnfinished)
		}
		list.StartFileID = page.NextFileID
	}
}

// Announced says whether an unfinished file was announced as req says: the same
// name, type, info and encryption. The hash of the whole is not compared, for
// one of the two may not have one yet. Content encrypted with a key of the
// customer's is alike only if the key has a label, and the label is the same.
func (f *File) Announced(req *StartLargeFileRequest) bool {
	mode := ""
	if req.SSE != nil {
		mode = *req.SSE.Mode
	}
	_, labelled := req.FileInfo[wire.InfoSSECKeyID]
	switch {
	case f.Name != req.FileName:
		return false
	case req.ContentType != wire.AutoContentType && req.ContentType != f.ContentType:
		return false
	case mode != f.SSEMode && !(mode == "" && f.SSEMode == wire.SSEB2): // the bucket's default
		return false
	case mode == wire.SSEC && !labelled:
		return false
	case f.LegalHold != (req.LegalHold != nil && *req.LegalHold == "on"):
		return false
	}
	have, wanted := f.Info(), maps.Clone(req.FileInfo)
	delete(have, InfoLargeSHA1)
	delete(wanted, InfoLargeSHA1)
	return maps.Equal(have, wanted)
}
