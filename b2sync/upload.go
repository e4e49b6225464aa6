package b2sync

import (
	"context"
	"errors"
	"fmt"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/localfs"
	"github.com/bowline-sync/bowline/internal/wire"
)

const actionHide = wire.ActionHide

// bucketChanges are the changes to a bucket that need no source.
type bucketChanges struct {
	dst   *bucketSide
	large *largeFiles
}

func (c bucketChanges) sweep(ctx context.Context) { c.large.sweep(ctx) }

func (c bucketChanges) hide(ctx context.Context, name string) (string, error) {
	marker, err := c.dst.client.Hide(ctx, c.dst.ref.ID, c.dst.full(name))
	if err != nil || marker == nil {
		return "", unlessDone(err)
	}
	return marker.ID, nil
}

func (c bucketChanges) deleteVersion(ctx context.Context, f b2.File) error {
	return unlessDone(c.dst.client.DeleteVersion(ctx, f.Name, f.ID, false))
}

func (c bucketChanges) removeFile(name string) error {
	return fmt.Errorf("%s is in a bucket, which has no local files", name)
}

// uploader makes versions of local files.
type uploader struct {
	bucketChanges
	src  *folderSide
	opts *Options
}

func (u *uploader) kind() Kind { return Upload }

func (u *uploader) admit(j *job) error { return b2.CheckUploadName(u.dst.full(j.name)) }

// move uploads a file. A file that changes while it is read is read once more
// from the start; what was read of it is never stored (P8).
func (u *uploader) move(ctx context.Context, j *job, m *meter) (string, error) {
	version, err := u.upload(ctx, j, m)
	if errors.Is(err, localfs.ErrChanged) || errors.Is(err, b2.ErrShortContent) {
		m.reset()
		version, err = u.upload(ctx, j, m)
	}
	return version, err
}

func (u *uploader) upload(ctx context.Context, j *job, m *meter) (string, error) {
	src, err := localfs.Open(u.src.root, j.name)
	if err != nil {
		return "", err
	}
	defer src.Close()
	// What the file says of itself now, not what the scan saw, goes with its
	// content.
	j.src.size, j.src.modTime = src.Size(), src.ModTime()
	file, err := u.dst.client.Upload(ctx, b2.UploadRequest{
		BucketID: u.dst.ref.ID, Name: u.dst.full(j.name), ModTime: new(src.ModTime()),
		Content: src, Size: src.Size(),
		Check:    src.Unchanged,
		Progress: m.add, SSE: u.opts.DestinationSSE, NoLargeSHA1: u.opts.NoLargeSHA1, Base: j.base,
		Large: u.large.of(u.src.full(j.name), u.dst.full(j.name), m),
	})
	if err != nil {
		return "", err
	}
	return file.ID, nil
}

func (u *uploader) makeFolder(context.Context, *job) error {
	return errors.New("a local folder has no object of its own")
}
