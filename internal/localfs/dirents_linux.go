package localfs

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// dirBuffer is where the kernel writes a piece of a folder.
type dirBuffer [32 << 10]byte

// read calls add for each name of the folder, in no order, until add says to
// stop. The name is good only during the call.
func (d *dir) read(buf *dirBuffer, add func(name []byte, seen sight) bool) error {
	for {
		n, err := unix.Getdents(d.fd, buf[:])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return nil
		}
		for rest := buf[:n]; len(rest) > 0; {
			var name []byte
			var seen sight
			if name, seen, rest = cutDirent(rest); name != nil && !add(name, seen) {
				return nil
			}
		}
	}
}

// cutDirent cuts the first record off a piece of a folder. The kernel's record
// is inode, offset, length, type, and a name that ends in a zero byte. The
// name is nil for what is no name of the folder's own.
func cutDirent(b []byte) (name []byte, seen sight, rest []byte) {
	const typeAt, nameAt = 18, 19
	size := binary.NativeEndian.Uint16(b[16:])
	record := b[:size]
	name = record[nameAt:]
	name = name[:bytes.IndexByte(name, 0)]
	if string(name) == "." || string(name) == ".." {
		name = nil
	}
	return name, sights[record[typeAt]&15], b[size:]
}

// sights are what the types of directory entries stand for. Some file systems
// leave all types unknown.
var sights = [16]sight{
	unix.DT_REG: regular, unix.DT_DIR: directory, unix.DT_LNK: symlink,
	unix.DT_FIFO: other, unix.DT_SOCK: other, unix.DT_CHR: other, unix.DT_BLK: other,
}
