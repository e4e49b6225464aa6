// Command b2 syncs folders and B2 buckets, and does what else Backblaze's own
// command-line tool of the same name does.
package main

import (
	"context"
	"os"
)

func main() {
	tuneGarbage()
	os.Exit(run(context.Background(), systemEnv()))
}
