package localfs

import "golang.org/x/sys/unix"

// grains are the file systems with coarse times, by the number that Linux
// gives them.
var grains = map[uint32]int64{
	unix.MSDOS_SUPER_MAGIC: 2000,
	unix.EXFAT_SUPER_MAGIC: 10,
	0x4244:                 1000, // HFS
	0x482b:                 1000, // HFS+
}

func grainOf(root string) int64 {
	var st unix.Statfs_t
	if unix.Statfs(root, &st) != nil {
		return 0
	}
	return grains[uint32(st.Type)]
}
