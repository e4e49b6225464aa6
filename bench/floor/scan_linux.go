package floor

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// scan reads a tree in the order of B2 names, with the size and time of every
// file: getdents, then fstatat relative to the open folder, a few folders read
// ahead.
func scan(o *options) error {
	t := &tree{root: o.dir, jobs: make(chan *folder, 2*window)}
	for range o.threads {
		go t.read()
	}
	defer close(t.jobs)
	if err := t.walk(t.ask("")); err != nil {
		return err
	}
	fmt.Println(t.files, "files")
	return nil
}

// window is how many folders of one parent are read ahead.
const window = 32

type tree struct {
	root   string
	jobs   chan *folder
	files  int
	newest int64 // of all modification times, so that each is looked at
}

type folder struct {
	path    string // relative to the root, with a slash at its end unless empty
	entries []entry
	err     error
	done    chan struct{}
}

type entry struct {
	name          []byte // zero-terminated in memory, as the kernel left it
	folder        bool
	size, modTime int64 // modTime in milliseconds
}

// ask has a folder read and answers at once.
func (t *tree) ask(path string) *folder {
	f := &folder{path: path, done: make(chan struct{})}
	t.jobs <- f
	return f
}

// walk visits a folder and all below it in order.
func (t *tree) walk(f *folder) error {
	<-f.done
	if f.err != nil {
		return fmt.Errorf("%s/%s: %w", t.root, f.path, f.err)
	}
	var asked []*folder
	ahead := 0
	for i := range f.entries {
		e := &f.entries[i]
		if !e.folder {
			t.files++
			t.newest = max(t.newest, e.modTime)
			continue
		}
		for ; ahead < len(f.entries) && len(asked) < window; ahead++ {
			if next := &f.entries[ahead]; next.folder {
				asked = append(asked, t.ask(f.path+string(next.name)+"/"))
			}
		}
		if err := t.walk(asked[0]); err != nil {
			return err
		}
		asked = asked[1:]
	}
	f.entries = nil
	return nil
}

// read serves jobs until there are no more.
func (t *tree) read() {
	for f := range t.jobs {
		f.entries, f.err = readFolder(t.root + "/" + f.path)
		close(f.done)
	}
}

func readFolder(path string) ([]entry, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var entries []entry
	for {
		buf := make([]byte, 8<<10) // the entries go on pointing into it
		n, err := unix.Getdents(fd, buf)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		entries = appendEntries(entries, buf[:n])
	}
	slices.SortFunc(entries, inOrder)
	return entries, stat(fd, entries)
}

// appendEntries takes apart what getdents answered.
func appendEntries(entries []entry, buf []byte) []entry {
	const nameAt = int(unsafe.Offsetof(unix.Dirent{}.Name))
	for len(buf) > 0 {
		d := (*unix.Dirent)(unsafe.Pointer(unsafe.SliceData(buf)))
		name := buf[nameAt:d.Reclen]
		name = name[:bytes.IndexByte(name, 0)]
		if string(name) != "." && string(name) != ".." {
			entries = append(entries, entry{name: name, folder: d.Type == unix.DT_DIR})
		}
		buf = buf[d.Reclen:]
	}
	return entries
}

// inOrder compares names as B2 does: a folder sorts as if it ended in a slash.
func inOrder(a, b entry) int {
	n := min(len(a.name), len(b.name))
	if c := bytes.Compare(a.name[:n], b.name[:n]); c != 0 {
		return c
	}
	return cmp.Compare(byteAfter(a, n), byteAfter(b, n))
}

func byteAfter(e entry, n int) int {
	switch {
	case n < len(e.name):
		return int(e.name[n])
	case e.folder:
		return '/'
	}
	return -1
}

// stat fills in sizes and times, without the scheduler being told of calls
// that never block for long.
func stat(fd int, entries []entry) error {
	var st unix.Stat_t
	for i := range entries {
		e := &entries[i]
		if e.folder {
			continue
		}
		_, _, errno := syscall.RawSyscall6(unix.SYS_NEWFSTATAT, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(e.name))),
			uintptr(unsafe.Pointer(&st)), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
		if errno != 0 {
			return errno
		}
		e.size, e.modTime = st.Size, st.Mtim.Nano()/1e6
	}
	return nil
}
