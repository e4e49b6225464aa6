package ui

import (
	"sync"

	"github.com/bowline-sync/bowline/b2sync"
)

// Cuts says in how many calls files of a size are transferred.
type Cuts interface {
	Upload(size int64) int64 // parts; 0 for one call in all
	Copy(size int64) int64   // parts; 0 for one call in all
	Download(size int64, streams int) int64
}

// Estimator listens to a dry run and works out what the real run would ask of
// the service. It holds sums only.
type Estimator struct {
	streams int // of one download, as the user asked
	mu      sync.Mutex
	cuts    Cuts
	large   bool // some upload goes in parts
	plan    Plan
}

// NewEstimator makes an estimator for downloads by so many streams; 0 leaves
// their number to the client.
func NewEstimator(streams int) *Estimator { return &Estimator{streams: streams} }

// By says how files are cut. It is called before the first event.
func (e *Estimator) By(cuts Cuts) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cuts = cuts
}

// Event adds what an action needs.
func (e *Estimator) Event(event b2sync.Event) {
	done, ok := event.(b2sync.ActionDone)
	if !ok || done.Err != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := &e.plan.Calls
	switch done.Kind {
	case b2sync.Upload:
		e.upload(done.Size)
		e.plan.Stored += done.Size
	case b2sync.Download:
		calls.B += e.cuts.Download(done.Size, e.streams)
	case b2sync.Copy:
		if parts := e.cuts.Copy(done.Size); parts > 0 {
			calls.A += 2
			calls.C += parts
		} else {
			calls.C++
		}
		e.plan.Stored += done.Size
	case b2sync.Hide:
		calls.A++
	case b2sync.Delete:
		if done.Note != b2sync.NoteLocal {
			calls.A++
		}
	}
}

// upload adds an upload. Those in parts are looked for among what earlier runs
// have left unfinished, by one listing for all of them.
func (e *Estimator) upload(size int64) {
	parts := e.cuts.Upload(size)
	if parts == 0 {
		e.plan.Calls.A++
		return
	}
	e.plan.Calls.A += parts + 2
	if !e.large {
		e.large = true
		e.plan.Calls.C++
	}
}

// Plan is what the actions seen so far would need. Upload URLs come on top, a
// handful of free calls.
func (e *Estimator) Plan() Plan {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.plan
}
