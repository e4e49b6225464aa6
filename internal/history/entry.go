package history

import (
	"context"
	"errors"
	"time"
)

// Entry is a run that is being written down.
type Entry struct {
	begun chan struct{} // closed when the beginning is written down, or could not be
	store *Store
	id    int64
	sign  sign
	err   error

	patience time.Duration // what is left of the time that the run may be held up
}

// patience is how long a run is held up at most by a database that another
// process has locked. What is not written down by then is not remembered.
const patience = 400 * time.Millisecond

// Begin writes down that a run begins. It returns at once; the work is done
// beside the run. The caller calls End when the run has ended.
func Begin(dir string, r Run) *Entry {
	e := &Entry{begun: make(chan struct{}), patience: patience}
	go func() {
		defer close(e.begun)
		if e.store, e.err = Open(context.Background(), dir); e.err == nil {
			e.id, e.err = e.store.add(context.Background(), &r)
		}
		if e.err == nil {
			e.sign = hangSign(dir, e.id)
		}
	}()
	return e
}

// ID is the run's number, or 0 if it could not be written down yet. Only the
// goroutine that ends the run calls it.
func (e *Entry) ID() int64 {
	if !e.await() {
		return 0
	}
	return e.id
}

// await waits until the beginning is written down, or patience ends.
func (e *Entry) await() bool {
	since := time.Now()
	defer func() { e.patience = max(0, e.patience-time.Since(since)) }()
	select {
	case <-e.begun:
		return true
	case <-time.After(e.patience):
		return false
	}
}

// End writes down how the run ended. An error says why the run is not in the
// history, or is there without its end.
func (e *Entry) End(r Run) error {
	if !e.await() {
		return errors.New("the database of runs is locked by another process")
	}
	if e.store == nil {
		return e.err
	}
	defer e.store.Close()
	defer e.sign.remove()
	if e.err != nil {
		return e.err
	}
	ctx := context.Background()
	if err := e.store.waitAtMost(ctx, e.patience); err != nil {
		return err
	}
	r.ID = e.id
	return e.store.finish(ctx, &r)
}
