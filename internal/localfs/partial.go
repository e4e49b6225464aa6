package localfs

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Continue begins a file like Create, for a download that may take long. If an
// earlier process has left some of the same version, it is still there: Have
// says which ranges. What is written must be noted. If sync is set, content is
// on disk before a note of it is.
func (r *Root) Continue(name string, v Version, sync bool) (*Temp, error) {
	return r.make(name, func(t *Temp) error { return t.goOn(v, sync) })
}

// goOn opens the journal of a temporary file that is open and locked.
func (t *Temp) goOn(v Version, sync bool) error {
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	file, err := t.openJournal()
	if err != nil {
		return err
	}
	t.version = v
	t.journal, t.have, err = startJournal(file, v, t.base, info.Size())
	if err == nil && sync {
		err = t.makeDurable()
	}
	if err == nil && len(t.have) == 0 {
		err = t.empty()
	}
	if err != nil {
		file.Close()
	}
	return err
}

// makeDurable has content and journal synced to disk as they grow.
func (t *Temp) makeDurable() error {
	const step = 64 << 20 // a sync is dear
	t.journal.step = max(t.journal.step, step)
	t.journal.sync = t.file.Sync
	if err := syncFolder(t.folder.Root); err != nil {
		return err
	}
	return t.root.syncMade(t.name)
}

// openJournal opens the journal, whatever has its name by now.
func (t *Temp) openJournal() (*os.File, error) {
	name := journalName(t.temp)
	info, err := t.folder.Lstat(name)
	switch {
	case err == nil && !info.Mode().IsRegular():
		err = t.folder.Remove(name)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return t.folder.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
}

// Have is what an earlier process has written: ranges in order, apart from each
// other.
func (t *Temp) Have() []Span { return t.have }

// Note says that a range was written. It may be called by several goroutines
// at once.
func (t *Temp) Note(s Span) error { return t.explain("write", t.journal.note(s)) }

// StartOver throws away what was written.
func (t *Temp) StartOver() error {
	t.have = nil
	err := t.journal.begin(t.version, t.base)
	if err == nil {
		err = t.file.Truncate(0)
	}
	return t.explain("truncate", err)
}

// Keep leaves a file that Continue began to a later process. After Commit or
// Abort it does nothing.
func (t *Temp) Keep() error {
	if t.over {
		return nil
	}
	t.over = true
	err := t.journal.flush()
	t.journal.file.Close()
	t.file.Close()
	t.folder.Close()
	return t.explain("write", err)
}

// endJournal makes the journal void before the file gets its name: once that
// has happened, nothing may speak of the temporary name any more.
func (t *Temp) endJournal() error {
	if t.journal == nil {
		return nil
	}
	return t.journal.end()
}

// dropJournal removes the journal, if there is one.
func (t *Temp) dropJournal() {
	if t.journal != nil {
		t.journal.file.Close()
		t.folder.Remove(journalName(t.temp))
	}
}

// Sweep removes a temporary file that a scan has seen (ScanOptions.Temp), and
// its journal, unless another process is writing it or it can be gone on with
// and needed says that the file of that name, relative to the root, may still
// want it.
func (r *Root) Sweep(name string, needed func(target string) bool) error {
	above, base := path.Split(name)
	if !isTemp([]byte(base)) {
		return r.explain("remove", name, ErrBadName)
	}
	folder, err := r.descend("remove", strings.TrimSuffix(above, "/"), false)
	if err != nil {
		return err
	}
	defer folder.Close()
	l := leftover{folder, base[:len(tempPrefix)+tempDigits] + tempPart}
	return r.explain("remove", name, l.sweep(func(base string) bool { return needed(above + base) }))
}

// leftover is a temporary file that nobody may want any more.
type leftover struct {
	folder *os.Root
	temp   string
}

func (l leftover) sweep(needed func(base string) bool) error {
	info, err := l.folder.Lstat(l.temp)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return l.remove(journalName(l.temp))
	case err != nil || !info.Mode().IsRegular():
		return err
	}
	file, err := l.folder.OpenFile(l.temp, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // just finished
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if lock(file) != nil {
		return nil // somebody is writing it
	}
	opened, err := file.Stat()
	if err != nil || !os.SameFile(info, opened) {
		return err
	}
	if named, err := l.folder.Lstat(l.temp); err != nil || !os.SameFile(named, opened) {
		return nil // finished before we had the lock
	}
	if base := l.target(); base != "" && needed(base) {
		return nil
	}
	return errors.Join(l.remove(l.temp), l.remove(journalName(l.temp)))
}

// target is the name that the file should have; "" if it cannot be gone on
// with.
func (l leftover) target() string {
	name := journalName(l.temp)
	if info, err := l.folder.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	file, err := l.folder.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close()
	said, ok := readJournal(file)
	if !ok || said.over || tempName(said.base) != l.temp {
		return ""
	}
	return said.base
}

func (l leftover) remove(name string) error {
	if err := l.folder.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
