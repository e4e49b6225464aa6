package b2sync

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/wire"
)

// copier makes versions of versions, on the server.
type copier struct {
	bucketChanges
	src  *bucketSide
	opts *Options
}

func (c *copier) kind() Kind { return Copy }

// admit takes any name that the service stores: the source's name is one, and
// other tools make names that we would not.
func (c *copier) admit(j *job) error { return wire.CheckFileName(c.dst.full(j.name)) }

// move copies a version, or what has taken its place.
func (c *copier) move(ctx context.Context, j *job, m *meter) (version string, err error) {
	err = c.src.ofNewest(ctx, c.opts, j, m, func() error {
		version, err = c.copy(ctx, j, m)
		return err
	})
	return version, err
}

// copy copies a version, with its content type and info. A version without a
// modification time is given the one that it was compared by, so that the next
// run finds the copy to be the same (P12).
func (c *copier) copy(ctx context.Context, j *job, m *meter) (string, error) {
	req := b2.CopyRequest{
		Source: &j.src.file, BucketID: c.dst.ref.ID, Name: c.dst.full(j.name), Progress: m.add,
		SourceSSE: sourceKey(c.opts, &j.src.file), SSE: c.opts.DestinationSSE,
		Large: c.large.of("", c.dst.full(j.name), m),
	}
	if info, changed := c.info(j); changed {
		req.Replace, req.ContentType, req.Info = true, j.src.file.ContentType, info
	}
	file, err := c.dst.client.Copy(ctx, req)
	if err != nil {
		return "", err
	}
	return file.ID, nil
}

// info is the info of the copy, and whether it differs from the source's: the
// modification time may be missing there, and the label of an SSE-C key is that
// of the key which the copy is encrypted with.
func (c *copier) info(j *job) (info map[string]string, changed bool) {
	if info = j.src.file.Info(); info == nil {
		info = map[string]string{}
	}
	if j.src.bare {
		info[wire.InfoModTime] = strconv.FormatInt(j.src.modTime, 10)
		changed = true
	}
	label := ""
	if sse := c.opts.DestinationSSE; sse != nil {
		label = sse.KeyID
	}
	if info[wire.InfoSSECKeyID] != label {
		changed = true
		if info[wire.InfoSSECKeyID] = label; label == "" {
			delete(info, wire.InfoSSECKeyID)
		}
	}
	return info, changed
}

// makeFolder copies a folder marker.
func (c *copier) makeFolder(ctx context.Context, j *job) error {
	_, err := c.move(ctx, j, &meter{run: new(atomic.Int64), todo: new(atomic.Int64)})
	return err
}
