// Package interop runs other people's B2 clients, unchanged, against the
// built-in server: rclone and its own backend test suite, Backblaze's Go
// library blazer, and Python's b2sdk where it is installed. It is a module of
// its own, so that nothing of theirs enters ours.
//
//	cd interop && go test ./...
//
// Building rclone takes minutes the first time. A client that the machine does
// not have is skipped with a word.
package interop
