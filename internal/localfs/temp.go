package localfs

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/bowline-sync/bowline/internal/filelock"
)

// Temp is a file in the making. It lies under a temporary name beside its own,
// and is locked against other processes; Commit gives it its name. Either
// Commit or Abort must be called. WriteAt and ReadAt may be called by several
// goroutines at once, the rest may not.
type Temp struct {
	root   *Root
	name   string // relative to the root
	folder *keptFolder
	base   string
	temp   string // in folder
	file   *os.File
	free   bool // nothing had the name when the file was begun
	left   bool // the file has content of an earlier process
	over   bool // committed, aborted or kept

	// Of a file that Continue began.
	journal *journal
	version Version
	have    []Span
}

// Create begins a file of that name, and makes the folders on the way to it.
// The file's mode will be 0666, the folders' 0777, less the umask.
//
// It fails with ErrIsDir where a folder of that name is, with ErrLinkedFolder
// where a link to one is, there or on the way, with ErrNotDir where a file is
// on the way, and with ErrBusy while another process, or another Temp, makes
// the same file. A temporary file that was left behind is used anew.
func (r *Root) Create(name string) (*Temp, error) {
	return r.make(name, (*Temp).anew)
}

// make opens and locks a temporary file, and lets ready see to what an earlier
// process has left in it.
func (r *Root) make(name string, ready func(*Temp) error) (*Temp, error) {
	const tries = 100
	var t *Temp
	var err error
	for range tries {
		// The folder may vanish again under our hands, when what was last in it
		// is removed; and so may the temporary file, when another process ends.
		if t, err = r.create(name, ready); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return t, err
}

func (r *Root) create(name string, ready func(*Temp) error) (*Temp, error) {
	above, base, err := r.split("create", name)
	if err != nil {
		return nil, err
	}
	folder, err := r.borrow("create", above)
	if err != nil {
		return nil, err
	}
	t := &Temp{root: r, name: name, folder: folder, base: base, temp: tempName(base)}
	if t.free, err = folder.inTheWay(base); err == nil {
		err = t.open(ready)
	}
	if err != nil {
		folder.Close()
		return nil, r.explain("create", name, err)
	}
	return t, nil
}

// open opens and locks the temporary file. A file that does not have the
// temporary name once it is locked is another process's result, finished in the
// meantime, or what a link leads to: it must not be written to.
func (t *Temp) open(ready func(*Temp) error) error {
	file, err := t.openFile()
	if err != nil {
		return err
	}
	t.file = file
	err = lock(file)
	if err == nil {
		err = t.checkFile()
	}
	if err == nil {
		err = ready(t)
	}
	if err != nil {
		file.Close()
	}
	return err
}

// lock takes the file for this process, until it is closed. File systems that
// know no locks do without.
func lock(file *os.File) error {
	if errors.Is(filelock.Try(file), filelock.ErrTaken) {
		return ErrBusy
	}
	return nil
}

func (t *Temp) openFile() (*os.File, error) {
	file, err := t.folder.create(t.temp)
	if !errors.Is(err, fs.ErrExist) {
		return file, err
	}
	if err := t.clear(); err != nil {
		return nil, err
	}
	return t.folder.OpenFile(t.temp, os.O_RDWR|os.O_CREATE, 0o666)
}

// clear takes away what is no file from the temporary name.
func (t *Temp) clear() error {
	info, err := t.folder.Lstat(t.temp)
	if err != nil || info.Mode().IsRegular() {
		return err
	}
	return t.folder.Remove(t.temp)
}

// checkFile makes sure that the file still has the temporary name.
func (t *Temp) checkFile() error {
	same, size, err := t.folder.has(t.temp, t.file)
	switch {
	case err != nil:
		return err
	case !same:
		return fs.ErrNotExist // make tries again
	}
	t.left = size > 0
	return nil
}

// anew throws away what an earlier process has left.
func (t *Temp) anew() error {
	if !t.left {
		return nil
	}
	if err := t.folder.Remove(journalName(t.temp)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return t.empty()
}

// empty empties the file. Truncating an empty one is not free: ext4 takes it
// for the replacing of content, and writes such a file out when it is closed.
func (t *Temp) empty() error {
	if !t.left {
		return nil
	}
	return t.file.Truncate(0)
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
	err := t.endJournal()
	if err == nil {
		err = t.finish(timeOfMillis(mtime), sync)
	}
	if err != nil {
		t.discard()
	}
	t.dropJournal()
	if err != nil {
		return t.explain("create", err)
	}
	if !sync {
		return nil
	}
	if err := syncFolder(t.folder.Root); err != nil {
		return t.explain("sync", err)
	}
	return t.root.syncMade(t.name)
}

// takeName renames the file over what has its name, if that is no folder.
func (t *Temp) takeName() error {
	if t.free {
		if done, err := t.folder.renameNew(t.temp, t.base); done || err != nil {
			return err
		}
	}
	if _, err := t.folder.inTheWay(t.base); err != nil {
		return err
	}
	return t.folder.Rename(t.temp, t.base)
}

// Abort gives the file up and removes it. After Commit it does nothing.
func (t *Temp) Abort() {
	if t.over {
		return
	}
	t.over = true
	t.discard()
	t.dropJournal()
	t.folder.Close()
}

func (t *Temp) explain(op string, err error) error { return t.root.explain(op, t.name, err) }
