// Command b2 syncs folders and B2 buckets, and does what else Backblaze's own
// command-line tool of the same name does.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"runtime"
)

func main() {
	// net/http logs answers that nobody asked for, tokens and all; nothing of
	// ours goes this way.
	log.SetOutput(io.Discard)
	ballast := tuneGarbage()
	status := run(context.Background(), systemEnv())
	runtime.KeepAlive(ballast)
	os.Exit(status)
}
