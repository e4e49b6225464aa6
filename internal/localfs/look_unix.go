//go:build darwin || freebsd || netbsd || openbsd || dragonfly || (linux && !(386 || arm || mips || mipsle))

package localfs

import "golang.org/x/sys/unix"

// look is what there is under a name in an open folder. Linux of 32 bits has
// its own, for the sake of times: time_linux32.go.
func look(dir int, name string, flags int) (status, error) {
	return fstatat(dir, name, flags)
}

// lookAt is what an open file is.
func lookAt(fd int) (status, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	for err == unix.EINTR {
		err = unix.Fstat(fd, &st)
	}
	return statusOf(&st), err
}
