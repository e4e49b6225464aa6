package localfs

import "errors"

// What a path error of this package may wrap, beside the errors of the
// operating system.
var (
	// ErrLoop is a link to a folder that leads, for the second time on one
	// path, to the same place.
	ErrLoop = errors.New("is a circular symlink")
	// ErrLinkedFolder is a symbolic link where a folder is needed, or where a
	// file should go. It is never followed and never replaced.
	ErrLinkedFolder = errors.New("a symbolic link to a folder is in the way")
	// ErrNotUTF8 is a name that is not valid UTF-8.
	ErrNotUTF8 = errors.New("the name is not valid UTF-8")
	// ErrNotFile is something that is neither a file nor a folder: a pipe, a
	// socket, a device.
	ErrNotFile = errors.New("not a regular file")
	// ErrNotDir is a file where a folder is needed.
	ErrNotDir = errors.New("not a folder")
	// ErrIsDir is a folder where a file should go.
	ErrIsDir = errors.New("a folder of this name is in the way")
	// ErrBusy is a file that another process is writing right now.
	ErrBusy = errors.New("another process is writing this file")
	// ErrChanged is a file that was changed, replaced or removed while it was
	// read.
	ErrChanged = errors.New("the file changed while it was read")
	// ErrBadName is a name that this system cannot hold; see CheckName.
	ErrBadName = errors.New("a local file cannot have this name")
)
