package b2sync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/localfs"
	"github.com/bowline-sync/bowline/internal/wire"
)

// An UploadRecord remembers, from run to run, which large files the user's runs
// have started: those that one of them left unfinished may be cancelled, any
// others may be somebody else's. It is used by several goroutines at once. It
// may forget.
type UploadRecord interface {
	// Started notes a file that was just started.
	Started(StartedUpload)
	// Ended notes that a file is finished or cancelled.
	Ended(id string)
	// Left gives, and leaves to the caller, the files in the bucket below
	// prefix that runs which are over have started and not ended.
	Left(bucketID, prefix string) []StartedUpload
	// Busy says whether another run that is under way has the file.
	Busy(id string) bool
}

// StartedUpload is a large file that was started.
type StartedUpload struct {
	BucketID, Name, ID string
	Source             string // path of the local file; empty for a copy
}

// unfinishedLife is how old an unfinished file may be to be gone on with. Its
// upload time is its start, which --keep-days counts from.
const unfinishedLife = 7 * 24 * time.Hour

// largeFiles know what earlier runs have left of large files in the
// destination. Nothing is asked of the service before the first large file of
// the run, or the first that an earlier one has left.
type largeFiles struct {
	dst    *bucketSide
	record UploadRecord // nil without one
	report *reporter

	once sync.Once
	list map[string][]b2.File // unfinished, by name, newest first
	err  error

	mu    sync.Mutex
	asked bool
	left  map[string]StartedUpload // ours, by id
}

// of connects the upload from a local file, or a copy if source is empty, with
// those of other runs.
func (l *largeFiles) of(source string, name string, m *meter) *b2.LargeUpload {
	return &b2.LargeUpload{
		Candidates: l.candidates,
		Started: func(id string) {
			if l.record != nil {
				l.record.Started(StartedUpload{BucketID: l.dst.ref.ID, Name: name, ID: id, Source: source})
			}
		},
		Ended:   l.ended,
		Resumed: m.skip,
	}
}

func (l *largeFiles) ended(id string) {
	if l.record != nil {
		l.record.Ended(id)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.left, id)
}

// ours are the files that earlier runs of this user have left, by id.
func (l *largeFiles) ours() map[string]StartedUpload {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked && l.record != nil {
		l.left = map[string]StartedUpload{}
		for _, s := range l.record.Left(l.dst.ref.ID, l.dst.prefix) {
			l.left[s.ID] = s
		}
	}
	l.asked = true
	return maps.Clone(l.left)
}

// unfinished lists what is unfinished in the destination, once.
func (l *largeFiles) unfinished(ctx context.Context) (map[string][]b2.File, error) {
	l.once.Do(func() {
		l.list = map[string][]b2.File{}
		for f, err := range l.dst.client.ListUnfinished(ctx, l.dst.ref.ID, l.dst.prefix) {
			if err != nil {
				l.err = fmt.Errorf("listing unfinished large files: %w", err)
				break
			}
			l.list[f.Name] = append([]b2.File{f}, l.list[f.Name]...)
		}
		if l.err != nil && ctx.Err() == nil {
			l.report.remark(l.err.Error() + "; large files are uploaded from their beginning")
		}
	})
	return l.list, l.err
}

// candidates are the unfinished files that the announced one may be gone on
// with as: announced alike, young enough, newer than every version of their
// name, and in no other run's hands.
func (l *largeFiles) candidates(ctx context.Context, announced *b2.StartLargeFileRequest) ([]b2.Unfinished, error) {
	list, err := l.unfinished(ctx)
	if err != nil {
		return nil, nil // has been said
	}
	ours := l.ours()
	var found []b2.Unfinished
	for _, f := range list[announced.FileName] {
		if f.Announced(announced) && l.young(&f) && (l.record == nil || !l.record.Busy(f.ID)) {
			_, mine := ours[f.ID]
			found = append(found, b2.Unfinished{File: &f, Ours: mine})
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	newest, err := l.newest(ctx, announced.FileName)
	if err != nil {
		return nil, err
	}
	var may []b2.Unfinished
	for _, u := range found {
		if newest[u.ID] {
			may = append(may, u)
		}
	}
	return may, nil
}

// newest are the unfinished files of a name that are newer than all of its
// versions.
func (l *largeFiles) newest(ctx context.Context, name string) (map[string]bool, error) {
	ids := map[string]bool{}
	for f, err := range l.dst.client.ListVersions(ctx, l.dst.ref.ID, b2.ListOptions{Prefix: name, PageSize: 1000}) {
		if err != nil {
			return nil, err
		}
		if f.Name != name || f.Action != wire.ActionStart {
			break
		}
		ids[strings.Clone(f.ID)] = true
	}
	return ids, nil
}

// young says whether an unfinished file is still one to go on with.
func (l *largeFiles) young(f *b2.File) bool {
	return l.dst.client.Now().Sub(time.UnixMilli(f.Uploaded)) < unfinishedLife
}

// sweep cancels what earlier runs of ours have left and nobody can go on with.
// It is no failure of the run if that does not succeed: the next one tries
// again.
func (l *largeFiles) sweep(ctx context.Context) {
	left := l.ours()
	if len(left) == 0 {
		return
	}
	list, err := l.unfinished(ctx)
	if err != nil {
		return
	}
	there := map[string]*b2.File{}
	for _, files := range list {
		for i := range files {
			there[files[i].ID] = &files[i]
		}
	}
	for id, s := range left {
		f := there[id]
		if f == nil || l.useless(ctx, f, s.Source) && l.dst.client.CancelLargeFile(ctx, id) == nil {
			l.ended(id)
		}
	}
}

// useless says whether nobody can go on with an unfinished file: it is too old,
// its name has a newer version, or its source is another by now.
func (l *largeFiles) useless(ctx context.Context, f *b2.File, source string) bool {
	if source == "" || !l.young(f) {
		return true
	}
	src, err := localfs.Open("", source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true
	case err == nil:
		src.Close()
		if announced, _ := f.InfoValue(wire.InfoModTime); announced != strconv.FormatInt(src.ModTime(), 10) {
			return true
		}
	}
	newest, err := l.newest(ctx, f.Name)
	return err == nil && !newest[f.ID]
}
