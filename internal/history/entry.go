package history

import (
	"context"
	"time"
)

// Entry is a run that is being written down.
type Entry struct {
	begun chan struct{} // closed when the beginning is written down, or could not be
	store *Store
	id    int64
	err   error
}

// patience is how long the end of a run waits for the database at most.
const patience = 5 * time.Second

// Begin writes down that a run begins. It returns at once; the work is done
// beside the run. The caller calls End when the run has ended.
func Begin(dir string, r Run) *Entry {
	e := &Entry{begun: make(chan struct{})}
	go func() {
		defer close(e.begun)
		if e.store, e.err = Open(context.Background(), dir); e.err == nil {
			e.id, e.err = e.store.add(context.Background(), &r)
		}
	}()
	return e
}

// ID is the run's number, or 0 if it could not be written down. It waits until
// the beginning is.
func (e *Entry) ID() int64 {
	select {
	case <-e.begun:
		return e.id
	case <-time.After(patience):
		return 0
	}
}

// End writes down how the run ended. An error says why the run is not in the
// history, or is there without its end.
func (e *Entry) End(r Run) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case <-e.begun:
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.store == nil {
		return e.err
	}
	defer e.store.Close()
	if e.err != nil {
		return e.err
	}
	r.ID = e.id
	return e.store.finish(ctx, &r)
}
