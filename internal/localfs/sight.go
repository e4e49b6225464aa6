//go:build !linux

package localfs

import "io/fs"

// sightOfType is what a directory entry of the standard library says of a name.
func sightOfType(t fs.FileMode) sight {
	switch {
	case t.IsRegular():
		return regular
	case t.IsDir():
		return directory
	case t&fs.ModeSymlink != 0:
		return symlink
	}
	return other
}
