package b2sync

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/localfs"
	"github.com/bowline-sync/bowline/internal/wire"
)

// A job is one name to be worked on: a decision, with what it needs.
type job struct {
	decision
	name string
	src  entry  // of a transfer
	dst  *entry // of a pair that has to be read for its hash
	// Of a transfer, with Options.Incremental: the version that the source may
	// have grown from.
	base *b2.File

	// Of a removal: the newest version there is, which goes last, or the size of
	// the local file.
	current string
	size    int64
}

// An actor makes the changes of one direction. It is the only part of the
// engine that does.
type actor interface {
	// kind is what a transfer is called.
	kind() Kind
	// admit reports a name that the destination cannot hold.
	admit(j *job) error
	// move stores the source's content under a name of the destination and
	// returns the id of the version made. The meter is told bytes as they go.
	move(ctx context.Context, j *job, m *meter) (version string, err error)
	// makeFolder makes the folder, or the folder marker, that j.src is.
	makeFolder(ctx context.Context, j *job) error
	// hide puts a hide marker on a name.
	hide(ctx context.Context, name string) (version string, err error)
	// deleteVersion removes a version for good.
	deleteVersion(ctx context.Context, f b2.File) error
	// removeFile removes a local file.
	removeFile(name string) error
	// sweep takes away what earlier runs have left half-done and nobody needs
	// any more. It comes last, in a run that nothing has cut short.
	sweep(ctx context.Context)
}

// newActor is the actor from src to dst.
func newActor(src, dst Location, o *Options, report *reporter) actor {
	if folder, ok := dst.(*folderSide); ok {
		return &downloader{src: src.(*bucketSide), dst: folder, opts: o, report: report}
	}
	bucket := dst.(*bucketSide)
	changes := bucketChanges{bucket, &largeFiles{dst: bucket, record: o.Uploads, report: report}}
	if folder, ok := src.(*folderSide); ok {
		return &uploader{changes, folder, o}
	}
	return &copier{changes, src.(*bucketSide), o}
}

// rehearsal is an actor that changes nothing.
type rehearsal struct {
	actor
	run *run
}

// move looks whether something is in the way, as the real one would find out.
// A removal that has passed the gate may have cleared it.
func (r *rehearsal) move(_ context.Context, j *job, _ *meter) (string, error) {
	cleared := r.run.gated.Load() && r.run.opts.Extraneous == ExtraneousDeleted
	if r.run.down == nil || cleared {
		return "", nil
	}
	return "", r.run.down.obstacle(j.name)
}

func (*rehearsal) makeFolder(context.Context, *job) error       { return nil }
func (*rehearsal) hide(context.Context, string) (string, error) { return "", nil }
func (*rehearsal) deleteVersion(context.Context, b2.File) error { return nil }
func (*rehearsal) removeFile(string) error                      { return nil }
func (*rehearsal) sweep(context.Context)                        {}

// A meter counts the bytes that one transfer has moved into those of the run.
type meter struct {
	run, todo *atomic.Int64 // what the run has moved, and has to move
	own       atomic.Int64
	skipped   atomic.Int64 // of own, what an earlier run has moved
}

// add counts n more bytes; fewer, when something has to be sent again.
func (m *meter) add(n int64) {
	m.own.Add(n)
	m.run.Add(n)
}

// skip counts n bytes that an earlier run has moved: they need not be moved.
func (m *meter) skip(n int64) {
	m.own.Add(n)
	m.skipped.Add(n)
	m.todo.Add(-n)
}

// reset takes everything back, when the transfer begins anew or has failed.
func (m *meter) reset() {
	skipped := m.skipped.Swap(0)
	m.todo.Add(skipped)
	m.run.Add(skipped - m.own.Swap(0))
}

// work does one job, in P1's order: what replaces first, then what is replaced.
func (r *run) work(ctx context.Context, j *job) {
	if ctx.Err() != nil {
		return
	}
	done := true
	switch j.verdict {
	case read:
		r.readHash(ctx, j)
		return
	case transfer:
		done = r.transfer(ctx, j)
	case remove:
		done = r.remove(ctx, j)
	}
	switch {
	case !done || len(j.decision.prune) == 0:
	case r.opts.MaxDelete != nil && j.verdict != remove && !r.gated.Load():
		r.putAside(&job{name: j.name, decision: decision{verdict: leave, prune: j.decision.prune}})
	default:
		r.prune(ctx, j)
	}
}

// transfer brings the source's content to the destination.
func (r *run) transfer(ctx context.Context, j *job) bool {
	start := time.Now()
	done := ActionDone{
		Action: Action{Kind: r.actor.kind(), Name: j.name, Size: j.src.size},
		Source: r.src.full(j.name), ModTime: j.src.modTime,
	}
	if j.src.kind == isFolder && r.dstLocal {
		done.Kind = MakeFolder
	}
	m := &meter{run: &r.report.moved, todo: &r.report.todoBytes}
	defer r.report.flights.end(r.report.flights.begin(j.name, j.src.size, &m.own, start))
	err := r.actor.admit(j)
	switch {
	case err != nil:
	case j.src.kind == isFolder:
		err = r.actor.makeFolder(ctx, j)
	default:
		done.Version, err = r.actor.move(ctx, j, m)
	}
	if err != nil {
		m.reset()
	}
	if blocked(err) && r.hold(j) {
		return false
	}
	done.Took, done.Err = time.Since(start), err
	r.end(ctx, done)
	if err == nil {
		r.report.done.Add(1)
	}
	return err == nil
}

// blocked says whether an entry of the other kind is in the way: a file where
// a folder is needed, or the reverse.
func blocked(err error) bool {
	return errors.Is(err, localfs.ErrIsDir) || errors.Is(err, localfs.ErrNotDir)
}

// remove takes away what the source lacks: a local file, or the sight of a
// name. Versions are pruned after.
func (r *run) remove(ctx context.Context, j *job) bool {
	switch {
	case r.dstLocal:
		start := time.Now()
		err := r.actor.removeFile(j.name)
		r.end(ctx, ActionDone{
			Action: Action{Kind: Delete, Name: j.name, Size: j.size, Note: NoteLocal},
			Took:   time.Since(start), Err: err,
		})
		return err == nil
	case j.hide:
		return r.hide(ctx, j)
	}
	return true
}

// hide puts a hide marker on a name.
func (r *run) hide(ctx context.Context, j *job) bool {
	start := time.Now()
	id, err := r.actor.hide(ctx, j.name)
	r.end(ctx, ActionDone{
		Action: Action{Kind: Hide, Name: j.name, Size: j.size, Version: id},
		Took:   time.Since(start), Err: err,
	})
	return err == nil
}

// prune deletes the versions that need not be kept, oldest first. The first
// failure ends it, so that what was old never becomes current again (P1).
func (r *run) prune(ctx context.Context, j *job) {
	for _, v := range j.decision.prune {
		start := time.Now()
		err := r.actor.deleteVersion(ctx, v)
		if locked(err) {
			r.retain(ctx, j)
			return
		}
		r.end(ctx, ActionDone{
			Action: Action{Kind: Delete, Name: j.name, Size: v.Size, Version: v.ID, Note: note(j, &v)},
			Took:   time.Since(start), Err: err,
		})
		if err != nil {
			return
		}
	}
}

// note says what kind of version v is for people.
func note(j *job, v *b2.File) Note {
	switch {
	case v.Action == actionHide:
		return NoteHideMarker
	case v.ID == j.current:
		return NoteNone
	}
	return NoteOldVersion
}

// locked says whether the service refuses to delete a version because it is
// retained or held, which the listing did not show.
func locked(err error) bool {
	failure, ok := errors.AsType[*b2.Error](err)
	return ok && failure.Code == wire.CodeAccessDenied
}

// retain deals with a version that turned out to be locked: a name that the
// source lacks is hidden instead.
func (r *run) retain(ctx context.Context, j *job) {
	r.report.retained.Add(1)
	newest := j.decision.prune[len(j.decision.prune)-1]
	if j.verdict == remove && !j.hide && newest.ID == j.current && newest.Action != actionHide {
		r.hide(ctx, j)
	}
}

// end tells of an action that ended. What the run's own end cut short is not a
// failure of the name; one that all others would meet too ends the run.
func (r *run) end(ctx context.Context, done ActionDone) {
	if done.Err != nil && ctx.Err() != nil {
		return
	}
	r.report.action(done)
	if hopeless(done.Err) {
		r.stop(done.Err)
	}
}

// hopeless says whether a failure is not about its name: a cap of the account,
// a bucket that is gone, or a key that is not accepted any more.
func hopeless(err error) bool {
	if errors.Is(err, b2.ErrCapExceeded) || errors.Is(err, b2.ErrBucketNotFound) {
		return true
	}
	failure, ok := errors.AsType[*b2.Error](err)
	return ok && failure.Call == wire.CallAuthorize && failure.Is(b2.ErrUnauthorized)
}
