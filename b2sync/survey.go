package b2sync

import (
	"context"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/localfs"
)

// A survey of the local side, while the first page of a listing is waited for,
// tells how many ranges are worth listing at once. It looks at a few marks,
// and counts so many names at most: a few hundredths of a second.
const (
	surveySamples = 8
	surveyMost    = 16_000
)

// local is the side that is a folder, or nil.
func (r *run) local() *folderSide {
	for _, side := range []Location{r.src, r.dst} {
		if f, ok := side.(*folderSide); ok && !f.absent {
			return f
		}
	}
	return nil
}

// marks are the folders of the local side, if there is one. Without marks no
// range is split.
func (r *run) marks() []string {
	f := r.local()
	if f == nil {
		return nil
	}
	names, _ := localfs.TopNames(f.root)
	return names
}

// survey starts a survey in case the first page is slow. The function that it
// returns ends it.
//
// If the bucket holds much less than the folder, splitting has cost a call for
// each splitMinimum of local names: a thirtieth of what listing them will cost
// once they are there.
func (r *run) survey(ctx context.Context, todo *spans) (end func()) {
	f := r.local()
	if f == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		select {
		case <-ctx.Done():
		case <-time.After(surveyAfter):
			if todo.untold() {
				todo.expect(density(ctx, f.root, todo.marks()))
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// density estimates the names from one mark to the next, by the marks in the
// middle of equal stretches of them.
func density(ctx context.Context, root string, marks []string) float64 {
	samples := min(surveySamples, len(marks))
	if samples == 0 {
		return 0
	}
	names, counted := 0, 0
	for i := range samples {
		if names >= surveyMost || ctx.Err() != nil {
			break
		}
		mark := marks[(2*i+1)*len(marks)/(2*samples)]
		n, err := localfs.CountNames(ctx, root, mark, marks, surveyMost-names)
		if err != nil {
			return 0
		}
		names += n
		counted++
	}
	return float64(names) / float64(max(1, counted))
}
