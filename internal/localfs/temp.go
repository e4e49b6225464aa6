package localfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Temp is a file in the making. It lies under a temporary name beside its own,
// and is locked against other processes; Commit gives it its name. Either
// Commit or Abort must be called. WriteAt and ReadAt may be called by several
// goroutines at once, the rest may not.
type Temp struct {
	root   *Root
	name   string // relative to the root
	folder *os.Root
	base   string
	temp   string // in folder
	file   *os.File
	over   bool // committed or aborted
}

// Create begins a file of that name, and makes the folders on the way to it.
// The file's mode will be 0666, the folders' 0777, less the umask.
//
// It fails with ErrIsDir where a folder of that name is, with ErrLinkedFolder
// where a link to one is, there or on the way, with ErrNotDir where a file is
// on the way, and with ErrBusy while another process, or another Temp, makes
// the same file. A temporary file that was left behind is used anew.
func (r *Root) Create(name string) (*Temp, error) {
	const tries = 100
	var t *Temp
	var err error
	for range tries {
		// The folder may vanish again under our hands, when what was last in it
		// is removed; and so may the temporary file, when another process ends.
		if t, err = r.create(name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return t, err
}

func (r *Root) create(name string) (*Temp, error) {
	folder, base, err := r.parent("create", name, true)
	if err != nil {
		return nil, err
	}
	t := &Temp{root: r, name: name, folder: folder, base: base, temp: tempName(base)}
	if err = inTheWay(folder, base); err == nil {
		err = t.open()
	}
	if err != nil {
		folder.Close()
		return nil, r.explain("create", name, err)
	}
	return t, nil
}

// open opens, locks and empties the temporary file. A file that does not have
// the temporary name once it is locked is another process's result, finished
// in the meantime, or what a link leads to: it must not be written to.
func (t *Temp) open() error {
	file, err := t.openFile()
	if err != nil {
		return err
	}
	err = lock(file)
	if err == nil {
		err = t.checkFile(file)
	}
	if err != nil {
		file.Close()
		return err
	}
	t.file = file
	return nil
}

func (t *Temp) openFile() (*os.File, error) {
	const create = os.O_RDWR | os.O_CREATE
	file, err := t.folder.OpenFile(t.temp, create|os.O_EXCL, 0o666)
	if !errors.Is(err, fs.ErrExist) {
		return file, err
	}
	if err := t.clear(); err != nil {
		return nil, err
	}
	return t.folder.OpenFile(t.temp, create, 0o666)
}

// clear takes away what is no file from the temporary name.
func (t *Temp) clear() error {
	info, err := t.folder.Lstat(t.temp)
	if err != nil || info.Mode().IsRegular() {
		return err
	}
	return t.folder.Remove(t.temp)
}

// checkFile makes sure that the file still has the temporary name, and empties
// it.
func (t *Temp) checkFile(file *os.File) error {
	named, err := t.folder.Lstat(t.temp)
	if err != nil {
		return err
	}
	opened, err := file.Stat()
	switch {
	case err != nil:
		return err
	case !os.SameFile(named, opened):
		return fs.ErrNotExist // Create tries again
	case opened.Size() == 0:
		// Truncating an empty file is not free: ext4 takes it for the
		// replacing of content, and writes such a file out when it is closed.
		return nil
	}
	return file.Truncate(0)
}

// Name is the name that the file will have.
func (t *Temp) Name() string { return t.name }

// WriteAt implements io.WriterAt.
func (t *Temp) WriteAt(p []byte, off int64) (int, error) {
	n, err := t.file.WriteAt(p, off)
	return n, t.explain("write", err)
}

// ReadAt implements io.ReaderAt.
func (t *Temp) ReadAt(p []byte, off int64) (int, error) {
	n, err := t.file.ReadAt(p, off)
	if err == io.EOF {
		return n, err
	}
	return n, t.explain("read", err)
}

// Truncate sets the file's size.
func (t *Temp) Truncate(size int64) error {
	return t.explain("truncate", t.file.Truncate(size))
}

// Preallocate takes the disk space for size bytes, so that a disk that is too
// small shows at once, and sets the file's size. Where the file system cannot
// do it, nothing happens.
func (t *Temp) Preallocate(size int64) error {
	if size <= 0 {
		return nil
	}
	return t.explain("preallocate", preallocate(t.file, size))
}

// Commit gives the file its name and the modification time mtime, in
// milliseconds since the epoch. It replaces a file or a link of that name, by
// one rename. If sync is set, all of it is on disk before Commit returns: the
// content before the rename, the name after.
//
// If Commit fails, the file of that name is as it was before and the temporary
// file is gone; only a failure to sync the name comes after the rename.
func (t *Temp) Commit(mtime int64, sync bool) error {
	t.over = true
	defer t.folder.Close()
	err := inTheWay(t.folder, t.base)
	if err == nil {
		err = t.finish(timeOfMillis(mtime), sync)
	}
	if err != nil {
		t.discard()
		return t.explain("create", err)
	}
	if !sync {
		return nil
	}
	if err := syncFolder(t.folder); err != nil {
		return t.explain("sync", err)
	}
	return t.root.syncMade(t.name)
}

// Abort gives the file up and removes it. After Commit it does nothing.
func (t *Temp) Abort() {
	if t.over {
		return
	}
	t.over = true
	t.discard()
	t.folder.Close()
}

func (t *Temp) explain(op string, err error) error { return t.root.explain(op, t.name, err) }
