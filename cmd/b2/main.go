// Command b2 syncs folders and B2 buckets, and does what else Backblaze's own
// command-line tool of the same name does.
package main

import (
	"context"
	"os"
	"runtime/debug"
)

func main() {
	// A no-op sync lives on a few MiB; collecting more often keeps the program
	// within half again of that, and costs a few percent of CPU (see
	// docs/performance.md). GOGC in the environment goes before it.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	os.Exit(run(context.Background(), systemEnv()))
}
