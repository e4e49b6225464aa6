package localfs

// Grain is how finely the file system below root keeps modification times, in
// milliseconds: 2000 on FAT, 1 where a millisecond survives or where the
// system does not say.
func Grain(root string) int64 { return max(1, grainOf(root)) }
