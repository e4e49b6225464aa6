package localfs

import "golang.org/x/sys/unix"

// renameNew renames a file in the folder if nothing has the new name. It
// reports false where something has, or where the file system cannot tell.
func (d direct) renameNew(from, to string) (done bool, err error) {
	fd := d.fd()
	for {
		err := unix.Renameat2(fd, from, fd, to, unix.RENAME_NOREPLACE)
		switch err {
		case nil:
			return true, nil
		case unix.EINTR:
		case unix.EEXIST, unix.ENOSYS, unix.EINVAL:
			return false, nil
		default:
			return false, err
		}
	}
}
