//go:build linux && (386 || arm || mips || mipsle)

package localfs

import (
	"time"

	"golang.org/x/sys/unix"
)

// Here fstatat has 32 bits for the seconds of a time, which end in January
// 2038, and a later one comes out as one before 1970. statx has 64; kernels
// before 4.11, of which old NAS have some, do not know it, and old sandboxes
// refuse it.

// look is what there is under a name in an open folder.
func look(dir int, name string, flags int) (status, error) {
	var st unix.Statx_t
	for {
		err := unix.Statx(dir, name, flags, unix.STATX_BASIC_STATS, &st)
		switch err {
		case nil:
			return status{
				seen: sightOf(uint32(st.Mode)),
				size: int64(st.Size),
				sec:  st.Mtime.Sec, nsec: int64(st.Mtime.Nsec),
				ctime: st.Ctime.Sec*1e9 + int64(st.Ctime.Nsec),
				dev:   unix.Mkdev(st.Dev_major, st.Dev_minor), ino: st.Ino,
			}, nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EPERM:
			return fstatat(dir, name, flags)
		default:
			return status{}, err
		}
	}
}

// lookAt is what an open file is.
func lookAt(fd int) (status, error) { return look(fd, "", unix.AT_EMPTY_PATH) }

// futimens is the call that takes 64 bits for the seconds; kernels have it
// since 5.1.
const futimens = unix.SYS_UTIMENSAT_TIME64

// timespec is __kernel_timespec.
type timespec struct{ sec, nsec int64 }

func newTimespec(t time.Time) timespec { return timespec{t.Unix(), int64(t.Nanosecond())} }
