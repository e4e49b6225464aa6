// Command b2 syncs folders and B2 buckets, and does what else Backblaze's own
// command-line tool of the same name does.
package main

import (
	"context"
	"os"
	"runtime"
)

func main() {
	ballast := tuneGarbage()
	status := run(context.Background(), systemEnv())
	runtime.KeepAlive(ballast)
	os.Exit(status)
}
