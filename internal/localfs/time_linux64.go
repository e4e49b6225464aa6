//go:build linux && !(386 || arm || mips || mipsle)

package localfs

import (
	"time"

	"golang.org/x/sys/unix"
)

const futimens = unix.SYS_UTIMENSAT

type timespec = unix.Timespec

func newTimespec(t time.Time) timespec {
	return timespec{Sec: t.Unix(), Nsec: int64(t.Nanosecond())}
}
