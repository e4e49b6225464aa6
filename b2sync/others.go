package b2sync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/wire"
)

// Lifecycle rules, other tools or another run may change a bucket while we
// work on it.

// gone says whether the service no longer has a version or a name.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) && !errors.Is(err, b2.ErrBucketNotFound) && isAnswer(err)
}

// isAnswer says whether an error is what the service said.
func isAnswer(err error) bool {
	failure, ok := errors.AsType[*b2.Error](err)
	return ok && failure.Status != 0
}

// unlessDone is err, but nil if somebody else has done the delete or the hide
// that it is about: nothing is left to do then.
func unlessDone(err error) error {
	if gone(err) || errors.Is(err, b2.ErrAlreadyHidden) {
		return nil
	}
	return err
}

// ofNewest transfers a version; if it has gone since it was listed, once more
// with what is the newest of its name by now. Where rules of time chose the
// version, another one would be another answer, so that none is taken.
func (b *bucketSide) ofNewest(ctx context.Context, o *Options, j *job, m *meter, transfer func() error) error {
	err := transfer()
	if !gone(err) || o.timed() {
		return err
	}
	file, lookup := b.newest(ctx, j.src.file.Name)
	if hopeless(lookup) {
		return lookup // all versions are gone, with their bucket
	}
	if lookup != nil || file.ID == j.src.file.ID {
		return err
	}
	j.src.file, j.src.size = file, file.Size
	j.src.modTime, j.src.bare = modTime(&file)
	m.reset()
	return transfer()
}

// newest looks up the newest version of a name.
func (b *bucketSide) newest(ctx context.Context, name string) (b2.File, error) {
	for file, err := range b.client.ListNames(ctx, b.ref.ID, b2.ListOptions{Prefix: name, PageSize: 1}) {
		if err != nil {
			return file, err
		}
		if file.Name == name && file.Action == wire.ActionUpload {
			return file, nil
		}
		break
	}
	return b2.File{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}
