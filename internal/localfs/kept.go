package localfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// mostKept is how many folders stay open for the next file. A run works
// through the names in order, though in several ranges at once.
const mostKept = 8

// A keptFolder is open for those who make files in it, and a little longer:
// most files are made in the folder of the one before, and the way to it, step
// by step, costs more than the file.
type keptFolder struct {
	*os.Root
	direct
	of   *Root
	name string      // "" for the root
	info fs.FileInfo // of the folder when it was opened

	users int // Temps, and Root.kept; guarded by Root.mu
}

// borrow opens a folder, making it if it is missing, or gives one that is open.
// Its Close gives it back.
func (r *Root) borrow(op, name string) (*keptFolder, error) {
	if f := r.reuse(name); f != nil {
		return f, nil
	}
	dir, err := r.descend(op, name, true)
	if err != nil {
		return nil, err
	}
	f, err := r.keep(name, dir)
	if err != nil {
		dir.Close()
		return nil, r.explain(op, name, err)
	}
	return f, nil
}

// keep is an open folder for its first user and for those to come.
func (r *Root) keep(name string, dir *os.Root) (*keptFolder, error) {
	info, err := dir.Stat(".")
	if err != nil {
		return nil, err
	}
	direct, err := newDirect(dir)
	if err != nil {
		return nil, err
	}
	f := &keptFolder{Root: dir, direct: direct, of: r, name: name, info: info, users: 2}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = slices.Insert(r.kept, 0, f)
	if len(r.kept) > mostKept {
		r.letGo(r.kept[mostKept])
	}
	return f, nil
}

// reuse is a folder that is open and still in its place, or nil.
func (r *Root) reuse(name string) *keptFolder {
	r.mu.Lock()
	i := slices.IndexFunc(r.kept, func(f *keptFolder) bool { return f.name == name })
	if i < 0 {
		r.mu.Unlock()
		return nil
	}
	f := r.kept[i]
	f.users++
	r.mu.Unlock()
	if f.inPlace() {
		return f
	}
	r.forget(f.name)
	f.Close()
	return nil
}

// inPlace says whether the folder is what its name leads to. What is made in
// it then lies under its name, however it has been moved since it was opened.
func (f *keptFolder) inPlace() bool {
	if f.name == "" {
		return true
	}
	now, err := os.Lstat(filepath.Join(f.of.dir.Name(), filepath.FromSlash(f.name)))
	return err == nil && os.SameFile(now, f.info)
}

// Close gives the folder back. The last one closes it.
func (f *keptFolder) Close() error {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	return f.release()
}

// release ends one use, with Root.mu held.
func (f *keptFolder) release() error {
	if f.users--; f.users > 0 {
		return nil
	}
	return errors.Join(f.direct.close(), f.Root.Close())
}

// inTheWay is the function of that name; free says that nothing is there at
// all.
func (f *keptFolder) inTheWay(base string) (free bool, err error) {
	switch seen, err := f.see(base); {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err == nil && seen == regular:
		return false, nil
	}
	return false, inTheWay(f.Root, base)
}

// forget keeps a folder open for its present users only.
func (r *Root) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range slices.Clone(r.kept) {
		if f.name == name {
			r.letGo(f)
		}
	}
}

// letGo takes a folder out of those that are kept, with r.mu held.
func (r *Root) letGo(f *keptFolder) {
	i := slices.Index(r.kept, f)
	r.kept = slices.Delete(r.kept, i, i+1)
	_ = f.release()
}
