package b2sync

import (
	"sync"
	"sync/atomic"
	"time"
)

// reporter counts what happens and tells the listener, one event at a time.
type reporter struct {
	listener Listener // nil for nobody

	mu      sync.Mutex // guards summary and the order of events
	summary Summary

	scanned, compared   atomic.Int64
	todo, todoBytes     atomic.Int64
	done, moved, failed atomic.Int64
	// Names that needed nothing are too many to take the lock for each.
	same, skipped, unhashed, retained atomic.Int64
	listed                            atomic.Bool
	flights                           flights
}

// action tells that an action ended, and counts it.
func (r *reporter) action(a ActionDone) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.Err != nil {
		r.summary.Failed++
		r.failed.Add(1)
	} else {
		r.summary.Done[a.Kind].Count++
		r.summary.Done[a.Kind].Bytes += a.Size
	}
	r.tell(a)
}

// problem tells of a name that could not be dealt with, and counts it.
func (r *reporter) problem(p Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.Warning {
		r.summary.Warned++
	} else {
		r.summary.Failed++
		r.failed.Add(1)
	}
	r.tell(p)
}

func (r *reporter) remark(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(Remark{text})
}

func (r *reporter) tell(e Event) {
	if r.listener != nil {
		r.listener.Event(e)
	}
}

// count changes the summary under its lock.
func (r *reporter) count(change func(*Summary)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.summary)
}

// end closes the books.
func (r *reporter) end(err error) Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.summary.Err = err
	r.summary.Same, r.summary.Skipped = r.same.Load(), r.skipped.Load()
	r.summary.Unhashed, r.summary.Retained = r.unhashed.Load(), r.retained.Load()
	r.summary.Took = time.Since(r.summary.Started)
	return r.summary
}

// progress is a snapshot for a display.
func (r *reporter) progress() Progress {
	return Progress{
		Scanned: r.scanned.Load(), Compared: r.compared.Load(), Listed: r.listed.Load(),
		ToDo:   Tally{Count: r.todo.Load(), Bytes: r.todoBytes.Load()},
		Done:   Tally{Count: r.done.Load(), Bytes: r.moved.Load()},
		Failed: r.failed.Load(),
	}
}
