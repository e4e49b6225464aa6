//go:build darwin || freebsd || netbsd || openbsd || dragonfly || (linux && !(386 || arm || mips || mipsle))

package localfs

// look is what there is under a name in an open folder.
func look(dir int, name string, flags int) (status, error) {
	return fstatat(dir, name, flags)
}
