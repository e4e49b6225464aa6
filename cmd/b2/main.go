// Command b2 syncs folders and B2 buckets, and does what else Backblaze's own
// command-line tool of the same name does.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
)

// Garbage is collected whenever the heap, with the ballast, has grown by
// gcGrowth percent. Most runs live on a few MiB. By Go's own rule they would
// collect at every 4 MiB, hundreds of times in a run of small files, and a run
// that holds more would let it double. The ballast is never touched, so it
// takes addresses and no memory, but it counts: the small collect seldom, and
// the large soon enough. docs/performance.md has the figures.
const (
	ballast  = 32 << 20
	gcGrowth = 15
)

func main() {
	weight := make([]byte, ballast)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcGrowth)
	}
	code := run(context.Background(), systemEnv())
	runtime.KeepAlive(weight)
	os.Exit(code)
}
