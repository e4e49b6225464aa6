//go:build !linux

package localfs

func grainOf(string) int64 { return 0 }
