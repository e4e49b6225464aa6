package b2sync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/localfs"
)

// folderSide is a local folder.
type folderSide struct {
	root string
	// absent is set for a destination that does not exist and, in a dry run, is
	// not made: it has no files.
	absent bool
	// began is the folder as the run found it; nil if there was none.
	began fs.FileInfo
}

func (f *folderSide) String() string { return f.root }

// still says whether the path leads to the folder that the run found. It does
// not when the disk was taken away, or another one put in its place.
func (f *folderSide) still() bool {
	now, err := os.Stat(f.root)
	return err == nil && os.SameFile(f.began, now)
}

func (f *folderSide) full(name string) string {
	return filepath.Join(f.root, filepath.FromSlash(name))
}

func (f *folderSide) scan(ctx context.Context, r Range, o scanOptions) iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		if f.absent {
			return
		}
		var failure filterFailure
		options := localfs.ScanOptions{Lo: r.Lo, Hi: r.Hi, Links: f.links(o), Temp: o.unfinished}
		if o.Names != nil { // else no full names need be made to ask for
			options.Keep, options.Enter = failure.watch(o.Names.Keep), failure.watch(o.Names.Enter)
		}
		var e entry
		for item, err := range localfs.Scan(ctx, f.root, options) {
			if failed := failure.first.Load(); failed != nil {
				err = *failed
			}
			if err != nil {
				yield(nil, err)
				return
			}
			f.describe(&e, &item, o)
			if !yield(&e, nil) {
				return
			}
		}
		if failed := failure.first.Load(); failed != nil {
			yield(nil, *failed)
		}
	}
}

func (f *folderSide) links(o scanOptions) localfs.LinkPolicy {
	switch {
	case !o.source:
		return localfs.KeepLinks
	case o.ExcludeLinks:
		return localfs.ExcludeLinks
	}
	return localfs.FollowLinks
}

// filterFailure turns filters that can fail into ones that cannot: a name that
// no answer was found for is left out, and the first failure is kept, to end
// the scan.
type filterFailure struct{ first atomic.Pointer[error] }

func (f *filterFailure) watch(keep func(string) (bool, error)) func(string) bool {
	return func(name string) bool {
		ok, err := keep(name)
		if err != nil {
			f.fail(err)
			return false
		}
		return ok
	}
}

func (f *filterFailure) fail(err error) { f.first.CompareAndSwap(nil, &err) }

// describe makes an entry of what the scan found. The entry is used again and
// again, and is not emptied as a whole in between: it is large.
func (f *folderSide) describe(e *entry, item *localfs.Item, o scanOptions) {
	e.name, e.size, e.modTime, e.err, e.sha1 = item.Name, item.Size, item.ModTime, item.Err, ""
	e.state = FileState{Dev: item.Dev, Ino: item.Ino, Size: item.Size, ModTimeNS: item.ModTimeNS, ChangedNS: item.CTimeNS}
	switch item.Kind {
	case localfs.File:
		e.kind = isFile
		switch {
		case !o.source:
		case later(item.ModTime, o.ModifiedAfter):
			e.kind = isExcluded
		default:
			if err := b2.CheckUploadName(item.Name); err != nil {
				e.kind, e.err = isHole, &nameError{f.full(item.Name), err}
			}
		}
	case localfs.Folder:
		e.kind = isFolder
	case localfs.Excluded:
		e.kind = isExcluded
	default:
		e.kind = isHole
	}
	e.below = e.opaque() && strings.HasSuffix(e.name, "/")
}

// A nameError is a local name that B2 cannot hold.
type nameError struct {
	path string
	err  error
}

func (e *nameError) Error() string {
	return fmt.Sprintf("%s path contains invalid name (%v). Skipping.", e.path, e.err)
}

func (e *nameError) Unwrap() error { return e.err }

// warning is what a scan says of a hole, in the reference's words where it has
// some; "" for what is not worth a word until something should go there.
func (f *folderSide) warning(e *entry) string {
	var bad *nameError
	path := f.full(e.name)
	switch {
	case errors.Is(e.err, localfs.ErrLinkedFolder):
		return ""
	case errors.As(e.err, &bad):
		return bad.Error()
	case errors.Is(e.err, localfs.ErrLoop):
		return path + " is a circular symlink, which was already visited. Skipping."
	case errors.Is(e.err, localfs.ErrNotUTF8):
		return (&nameError{path, errors.New("file name must be encoded in UTF-8")}).Error()
	case errors.Is(e.err, localfs.ErrNotFile):
		return path + " is not a regular file. Skipping."
	case errors.Is(e.err, fs.ErrPermission):
		return path + " could not be accessed (no permissions to read?)"
	case localfs.Broken(e.err):
		return path + " could not be accessed (broken symlink?)"
	}
	return fmt.Sprintf("%s could not be accessed (%v)", path, e.err)
}
