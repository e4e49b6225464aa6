//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package localfs

// identify is unknown here: all linked folders look the same, so that of two
// on one path the second is taken for a loop.
func identify(string) (dev, ino uint64) { return 0, 0 }
