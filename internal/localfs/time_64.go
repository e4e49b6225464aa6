//go:build !(linux && (386 || arm || mips || mipsle))

package localfs

import (
	"io/fs"
	"os"
	"time"
)

// modTime is the modification time of an open file.
func modTime(_ *os.File, info fs.FileInfo) time.Time { return info.ModTime() }
