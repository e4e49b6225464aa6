package ui

import (
	"sync"

	"github.com/bowline-sync/bowline/b2sync"
)

// maxCopy is the largest file that one copy call takes, and the largest part
// of a bigger one: 5 GB by the API documentation.
const maxCopy = 5_000_000_000

// Estimator listens to a dry run and works out what the real run would ask of
// the service. It holds sums only.
type Estimator struct {
	partSize int64 // of large uploads
	mu       sync.Mutex
	plan     Plan
}

// NewEstimator makes an estimator for uploads in parts of so many bytes: the
// recommended part size of the account, or 0 for 100 MB.
func NewEstimator(partSize int64) *Estimator {
	if partSize <= 0 {
		partSize = 100_000_000
	}
	return &Estimator{partSize: partSize}
}

// Event adds what an action needs.
func (e *Estimator) Event(event b2sync.Event) {
	done, ok := event.(b2sync.ActionDone)
	if !ok || done.Err != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch done.Kind {
	case b2sync.Upload:
		e.plan.Calls.A += inParts(done.Size, e.partSize)
		e.plan.Stored += done.Size
	case b2sync.Download:
		e.plan.Calls.B++
	case b2sync.Copy:
		e.copy(done.Size)
		e.plan.Stored += done.Size
	case b2sync.Hide:
		e.plan.Calls.A++
	case b2sync.Delete:
		if done.Note != b2sync.NoteLocal {
			e.plan.Calls.A++
		}
	}
}

// copy adds a copy on the server: one class C call, or one for each part
// between starting and finishing a large file.
func (e *Estimator) copy(size int64) {
	if size <= maxCopy {
		e.plan.Calls.C++
		return
	}
	e.plan.Calls.C += (size + maxCopy - 1) / maxCopy
	e.plan.Calls.A += 2
}

// inParts is how many calls of class A an upload takes: one, or one for each
// part and two around them.
func inParts(size, partSize int64) int64 {
	if size <= partSize {
		return 1
	}
	return (size+partSize-1)/partSize + 2
}

// Plan is what the actions seen so far would need. Upload URLs come on top, a
// handful of free calls; so do the ranges that big downloads are fetched in.
func (e *Estimator) Plan() Plan {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.plan
}
