package history

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Entry is a run that is being written down.
type Entry struct {
	begun chan struct{} // closed when the beginning is written down, or could not be
	store *Store
	id    int64
	sign  sign
	err   error

	patience time.Duration // how long each operation waits for other processes
	ending   atomic.Bool   // the run is held up by what is not written down yet
}

// How long a run is held up at its end, by a database that another process has
// locked, and by a disk that is slow. What is not written down by then is not
// remembered.
const (
	patience = 400 * time.Millisecond
	slowest  = 10 * time.Second
)

// pause is between attempts: SQLite itself does not wait for every lock.
const pause = 50 * time.Millisecond

// Begin writes down that a run begins. It returns at once; the work is done
// beside the run. The caller calls End when the run has ended.
func Begin(dir string, r Run) *Entry { return begin(dir, r, patience) }

// begin is Begin for a run that is held up so long by a locked database.
func begin(dir string, r Run, patience time.Duration) *Entry {
	e := &Entry{begun: make(chan struct{}), patience: patience}
	go func() {
		defer close(e.begun)
		for {
			e.err = e.writeDown(dir, &r)
			if !isLocked(e.err) || e.ending.Load() {
				return
			}
			time.Sleep(pause)
		}
	}()
	return e
}

// writeDown makes one attempt at the beginning. It waits for other processes no
// longer than a run may be held up, for the run may have ended meanwhile.
func (e *Entry) writeDown(dir string, r *Run) (err error) {
	ctx := context.Background()
	if e.store == nil {
		if e.store, err = openWaiting(ctx, dir, e.patience); err != nil {
			return err
		}
	}
	if e.id, err = e.store.add(ctx, r); err == nil {
		e.sign = hangSign(dir, e.id)
	}
	return err
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
	e.ending.Store(true)
	select {
	case <-e.begun:
		return true
	case <-time.After(slowest):
		return false
	}
}

// End writes down how the run ended. An error says why the run is not in the
// history, or is there without its end.
func (e *Entry) End(r Run) error {
	if !e.await() {
		return errors.New("the database of runs lies on a disk that does not answer")
	}
	if e.store == nil {
		return e.err
	}
	defer e.store.Close()
	defer e.sign.remove()
	if e.err != nil {
		return e.err
	}
	r.ID = e.id
	return e.store.finish(context.Background(), &r)
}
