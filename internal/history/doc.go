// Package history remembers the runs of b2 sync in a small database in the
// user's state folder, and keeps two runs of the same sync from getting in each
// other's way.
//
// A run is written down twice: when it begins, so that one that was killed
// leaves a trace, and when it ends. The first is done beside the run, so that
// nobody waits for it:
//
//	entry := history.Begin(dir, history.Run{Source: ..., Destination: ...})
//	... the run ...
//	err := entry.End(run)
//
// History is a convenience: whatever goes wrong with it, the sync goes on, and
// the caller at most mentions the error.
package history
