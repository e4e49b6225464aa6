package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/internal/ui"
)

// showBytes draws how far one file is. It hooks into progress. silent is the
// user's --no-progress.
func (e *env) showBytes(name string, size int64, silent bool, progress *func(int64)) (stop func()) {
	if !e.draws(silent) {
		return func() {}
	}
	var moved atomic.Int64
	*progress = func(n int64) { moved.Add(n) }
	return e.draw(func() string {
		return fmt.Sprintf("%s: %s of %s", e.name(name), ui.Size(moved.Load()), ui.Size(size))
	})
}

// showCount draws how many there are by now. silent is the user's
// --no-progress.
func (e *env) showCount(count *atomic.Int64, silent bool) (stop func()) {
	if !e.draws(silent) {
		return func() {}
	}
	return e.draw(func() string { return fmt.Sprintf(" count: %d ", count.Load()) })
}

// draws says whether progress is drawn: on a terminal only.
func (e *env) draws(silent bool) bool { return !silent && e.stderrTTY && !e.global.quiet }

// draw keeps a line on the terminal at standard error up to date. stop, which
// may be called more than once, takes the line away.
func (e *env) draw(line func() string) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprint(e.stderr, "\r\x1b[K"+line())
			case <-done:
				fmt.Fprint(e.stderr, "\r\x1b[K")
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		wg.Wait()
	})
}
