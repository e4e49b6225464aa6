package main

import (
	"os"
	"runtime/debug"
)

// Garbage is collected whenever the heap, with the ballast, has grown by
// gcGrowth percent. Most runs live on a few MiB. By Go's own rule they would
// collect at every 4 MiB, hundreds of times in a run of small files, and a run
// that holds more would let it double. The ballast is never touched, so it
// takes addresses and no memory, but it counts: the small collect seldom, and
// the large soon enough. docs/performance.md has the figures.
const (
	ballastSize = 32 << 20
	gcGrowth    = 15
)

// tuneGarbage sets all that up, and gives the ballast to be kept. GOGC in the
// environment goes before it.
func tuneGarbage() (ballast []byte) {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	debug.SetGCPercent(gcGrowth)
	return make([]byte, ballastSize)
}
