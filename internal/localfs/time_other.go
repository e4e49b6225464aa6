//go:build !linux

package localfs

import "time"

// setModTime gives the file its time.
func (t *Temp) setModTime(mtime time.Time) error {
	return t.folder.Chtimes(t.temp, mtime, mtime)
}
