//go:build !linux

package localfs

// renameNew renames a file in the folder if nothing has the new name. Here it
// cannot be known in time.
func (d direct) renameNew(from, to string) (done bool, err error) { return false, nil }
