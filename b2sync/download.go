package b2sync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/localfs"
	"github.com/bowline-sync/bowline/internal/wire"
)

// downloader makes local files of versions.
type downloader struct {
	src    *bucketSide
	dst    *folderSide
	opts   *Options
	report *reporter

	root *localfs.Root // nil while nothing has been opened, as in a dry run

	parts parts // of what is half-done

	mu      sync.Mutex
	markers map[string]bool // folders that the source has as such
}

func (d *downloader) kind() Kind { return Download }

func (d *downloader) admit(j *job) error {
	name := j.name
	if j.src.kind == isFolder {
		name = strings.TrimSuffix(name, "/")
	}
	return localfs.CheckName(name)
}

// move downloads a version, or what has taken its place.
func (d *downloader) move(ctx context.Context, j *job, m *meter) (string, error) {
	return "", d.src.ofNewest(ctx, d.opts, j, m, func() error { return d.download(ctx, j, m) })
}

// download writes a version beside its name and renames it into place once it
// is whole and checked (P6). What there is of a large one stays when the run is
// interrupted, for the next to go on with (P9).
func (d *downloader) download(ctx context.Context, j *job, m *meter) (err error) {
	temp, err := d.create(&j.src.file, j.name)
	if err != nil {
		return err
	}
	large := isLarge(&j.src.file)
	defer func() {
		if err != nil && large && (ctx.Err() != nil || b2.Transient(err)) {
			d.parts.keep(j.name)
			temp.Keep() // if that fails, there is less to go on with
		} else if err != nil {
			temp.Abort()
		}
	}()
	request := b2.DownloadRequest{
		File: &j.src.file, To: temp, Progress: m.add,
		SSE: sourceKey(d.opts, &j.src.file), SkipHash: d.opts.SkipHash, Streams: d.opts.Streams,
		WriteBuffer: d.opts.WriteBuffer,
	}
	if large {
		goOn(&request, temp, m)
	}
	result, err := d.src.client.Download(ctx, request)
	if err != nil {
		return namesWayOut(err, &j.src.file)
	}
	if err := temp.Commit(j.src.modTime, d.opts.Fsync); err != nil {
		return err
	}
	if !result.Verified {
		d.report.count(func(s *Summary) { s.Unverified++ })
	}
	return nil
}

// namesWayOut adds to the error for a hash that does not match what can be done
// when the hash is not the service's own, but what an uploader put into the
// file's info.
func namesWayOut(err error, f *b2.File) error {
	if errors.Is(err, b2.ErrChecksum) && f.SHA1 == "" {
		return fmt.Errorf("%w; if its large_file_sha1 is wrong, --skip-hash-verification takes it as it is", err)
	}
	return err
}

// obstacle reports an entry of the other kind that lies where a file should go.
func (d *downloader) obstacle(name string) error {
	if d.root == nil {
		return nil
	}
	info, err := d.root.Lstat(name)
	switch {
	case blocked(err):
		return err
	case err == nil && info.IsDir():
		return &fs.PathError{Op: "write", Path: d.dst.full(name), Err: localfs.ErrIsDir}
	}
	return nil
}

func (d *downloader) makeFolder(_ context.Context, j *job) error {
	return d.root.MakeFolder(path.Clean(j.name))
}

// sourceKey is the key to read a version with: that of the options, if the
// version is listed as encrypted with a key of the customer's.
func sourceKey(o *Options, f *b2.File) *b2.SSE {
	if f.SSEMode == wire.SSEC {
		return o.SourceSSE
	}
	return nil
}

// keepFolder remembers a folder that the source has as such, so that it stays
// when it has become empty.
func (d *downloader) keepFolder(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.markers == nil {
		d.markers = map[string]bool{}
	}
	d.markers[path.Clean(name)] = true
}

// removeFile removes a file, and the folders that this has made empty.
func (d *downloader) removeFile(name string) error {
	if err := d.root.Remove(name); err != nil {
		return err
	}
	d.removeEmpty(name)
	return nil
}

// removeEmpty removes the folders above a name that was removed, as far as
// they are empty now.
func (d *downloader) removeEmpty(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for dir := path.Dir(name); dir != "." && !d.markers[dir]; dir = path.Dir(dir) {
		if d.root.RemoveEmptyFolder(dir) != nil {
			break
		}
	}
}

func (d *downloader) hide(context.Context, string) (string, error) {
	return "", errors.New("a local file cannot be hidden")
}

func (d *downloader) deleteVersion(context.Context, b2.File) error {
	return errors.New("a local file has no versions")
}
