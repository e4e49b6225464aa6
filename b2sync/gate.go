package b2sync

import (
	"context"
	"errors"
	"fmt"

	"github.com/bowline-sync/bowline/b2"
)

// gate lets the removals of the run through, or not, when all ranges have
// ended, and then the transfers that waited for what a removal may have
// cleared. What lies where a side could not be seen has never come this far
// (P2); what is left to check concerns the run as a whole.
func (r *run) gate(ctx context.Context) error {
	if r.spool.n > 0 && ctx.Err() == nil {
		if err := r.checkEmpty(ctx); err != nil {
			return err
		}
		if r.deceived() || r.braked() {
			r.spool.drop()
		}
		if err := r.pool(ctx, r.removals); err != nil {
			return err
		}
	}
	r.mu.Lock()
	r.gated.Store(true)
	waiting := r.waiting
	r.mu.Unlock()
	return r.pool(ctx, func(ctx context.Context) error {
		for _, j := range waiting {
			select {
			case r.queue <- j:
			case <-ctx.Done():
			}
		}
		return nil
	})
}

// deceived reports, and says, that a listing contradicted itself. Then the names
// that it passed over before may be there as well (P2).
func (r *run) deceived() bool {
	if !r.lied.Load() {
		return false
	}
	r.report.problem(Problem{Path: r.dst.String(), Err: errors.New(
		"nothing was deleted or hidden: a listing cannot be relied on")})
	return true
}

// braked reports, and says, that there is more to remove than --max-delete
// allows.
func (r *run) braked() bool {
	n, all := r.doomed.Load(), r.dstNames.Load()
	if !r.opts.MaxDelete.exceeded(n, all) {
		return false
	}
	r.report.problem(Problem{Path: r.dst.String(), Err: fmt.Errorf(
		"nothing was deleted or hidden: %d of %d names would go, more than --max-delete %v allows", n, all, r.opts.MaxDelete)})
	return true
}

// removals puts the removals of the spool into the queue.
func (r *run) removals(ctx context.Context) error {
	for j, err := range r.spool.jobs() {
		if err != nil {
			return err
		}
		select {
		case r.queue <- j:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// checkEmpty refuses to remove anything because the source is empty (P4): a
// prefix may be mistyped, and the disk of a folder may be gone by now.
func (r *run) checkEmpty(ctx context.Context) error {
	switch src := r.src.(type) {
	case *folderSide:
		return r.checkStill(ctx, src)
	case *bucketSide:
		if !r.opts.AllowEmpty && r.sourceFiles.Load() == 0 {
			return checkListed(ctx, src)
		}
	}
	return nil
}

// checkStill looks again at a source folder that had a file when the run began.
// If its disk was taken away since, the names below were found missing, and
// what the run now sees is the empty mount point.
func (r *run) checkStill(ctx context.Context, src *folderSide) error {
	if src.absent {
		return nil
	}
	if !src.still() {
		return fmt.Errorf("nothing was deleted or hidden: %s is no longer the folder that the run began with; is its disk still there?", src.root)
	}
	return CheckSource(ctx, src, r.opts.AllowEmpty)
}

// checkListed asks whether a bucket has a file below the prefix. The ranges of
// the run may have been too narrow to see it.
func checkListed(ctx context.Context, src *bucketSide) error {
	for _, err := range src.client.ListNames(ctx, src.ref.ID, b2.ListOptions{Prefix: src.prefix, PageSize: 1}) {
		if err != nil {
			return fmt.Errorf("looking for files in %s: %w", src, err)
		}
		return nil
	}
	return fmt.Errorf("%s is empty.  Use --allow-empty-source to sync anyway.", src)
}
