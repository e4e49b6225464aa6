package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/internal/ui"
)

// showBytes draws how far one file is, on the terminal at standard error. It
// hooks into progress; stop ends the drawing. Without a terminal, or when it is
// to be silent, it does nothing.
func (e *env) showBytes(name string, size int64, silent bool, progress *func(int64)) (stop func()) {
	if silent || !e.stderrTTY || e.global.quiet {
		return func() {}
	}
	var moved atomic.Int64
	*progress = func(n int64) { moved.Add(n) }
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintf(e.stderr, "\r\x1b[K%s: %s of %s", e.name(name), ui.Size(moved.Load()), ui.Size(size))
			case <-done:
				fmt.Fprint(e.stderr, "\r\x1b[K")
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
