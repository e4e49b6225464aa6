package b2sync

import (
	"context"
	"iter"
	"strings"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/wire"
)

// bucketSide is the part of a bucket below a prefix, which is empty or ends in
// a slash.
type bucketSide struct {
	client *b2.Client
	ref    b2.BucketRef
	prefix string
}

func (b *bucketSide) String() string {
	return strings.TrimSuffix("b2://"+b.ref.Name+"/"+b.prefix, "/")
}

func (b *bucketSide) full(name string) string { return b.prefix + name }

func (b *bucketSide) scan(ctx context.Context, r Range, o scanOptions) iter.Seq2[*entry, error] {
	list := b2.ListOptions{Prefix: b.prefix + r.prefix()}
	if r.prefix() == "" {
		if r.Lo != "" {
			list.Start = b.prefix + r.Lo
		}
		if r.Hi != "" {
			list.End = b.prefix + r.Hi
		}
	}
	if o.until != nil {
		list.Until = func() string {
			if end := o.until(); end != "" {
				return b.prefix + end
			}
			return ""
		}
	}
	if o.versions {
		return b.scanVersions(b.client.ListVersions(ctx, b.ref.ID, list), o)
	}
	return b.scanNames(b.client.ListNames(ctx, b.ref.ID, list), o)
}

// scanNames makes entries of a listing of newest versions.
func (b *bucketSide) scanNames(files iter.Seq2[b2.File, error], o scanOptions) iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		var e entry
		for file, err := range files {
			if err == nil && file.Action != wire.ActionUpload {
				continue
			}
			if err == nil {
				e.file = file
				err = b.describe(&e, o)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if e.name != "" && !yield(&e, nil) {
				return
			}
		}
	}
}

// scanVersions makes one entry of all versions of a name. A name whose
// versions were not all seen is not given out.
func (b *bucketSide) scanVersions(files iter.Seq2[b2.File, error], o scanOptions) iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		var versions []b2.File // of one name, newest first
		var e entry
		give := func() (more bool) {
			if len(versions) == 0 {
				return true
			}
			e.file, e.older = versions[0], versions[1:]
			if err := b.describe(&e, o); err != nil {
				yield(nil, err)
				return false
			}
			return e.name == "" || yield(&e, nil)
		}
		for file, err := range files {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(versions) > 0 && versions[0].Name != file.Name {
				if !give() {
					return
				}
				versions = versions[:0]
			}
			// A large file that is not finished is no version yet.
			if file.Action == wire.ActionUpload || file.Action == wire.ActionHide {
				versions = append(versions, file)
			}
		}
		give()
	}
}

// describe fills in what e.file and e.older say. The entry is used again and
// again, and is not emptied as a whole in between: it is large.
func (b *bucketSide) describe(e *entry, o scanOptions) error {
	e.name, e.kind, e.below = strings.TrimPrefix(e.file.Name, b.prefix), isFile, false
	e.size, e.modTime, e.bare = 0, 0, false
	keep, err := o.Names.Keep(e.name)
	if err != nil {
		return err
	}
	newest := e.file.Action
	switch {
	case keep && (!o.source || choose(e, o)):
	case newest == wire.ActionHide:
		e.kind = isExcludedHidden
		return nil
	default:
		e.kind = isExcluded
		return nil
	}
	e.modTime, e.bare = modTime(&e.file)
	e.size = e.file.Size
	switch {
	case e.file.Action == wire.ActionHide:
		e.kind = isHidden
	case e.size == 0 && strings.HasSuffix(e.name, "/"):
		e.kind = isFolder
	}
	return nil
}

// choose makes the newest version that the rules of time let through the one
// that counts, so that a bucket is seen as it was then. It reports whether
// there is one.
func choose(e *entry, o scanOptions) bool {
	if !o.timed() {
		return true
	}
	for {
		modified, _ := modTime(&e.file)
		if !later(e.file.Uploaded, o.UploadedAfter) && !later(modified, o.ModifiedAfter) {
			return true
		}
		if len(e.older) == 0 {
			return false
		}
		e.file, e.older = e.older[0], e.older[1:]
	}
}

// modTime is a version's modification time in ms: that of its source, or, if
// it has none that can be read, the time of its upload.
func modTime(f *b2.File) (ms int64, bare bool) {
	if ms, ok := f.ModTime(); ok {
		return ms, false
	}
	return f.Uploaded, true
}
