package localfs

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// Root is a folder to change things in. No name and no link leads out of it,
// and no link below it is followed. It is safe for concurrent use.
//
// All names are relative, with slashes; one that CheckName refuses is refused
// by every method.
type Root struct {
	path string
	dir  *os.Root

	mu   sync.Mutex
	made map[string]bool // folders made here and not yet synced to disk
	kept []*keptFolder   // open for the next file, the latest first
}

// OpenRoot opens a folder for changes. If create is set, a missing folder is
// made, but not the one above it. The folder may be a link. Without a folder
// the error wraps fs.ErrNotExist or ErrNotDir. The caller closes the root.
func OpenRoot(path string, create bool) (*Root, error) {
	made := map[string]bool{}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotDir}
	case errors.Is(err, syscall.ENOTDIR):
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotDir}
	case errors.Is(err, fs.ErrNotExist) && create:
		if err := os.Mkdir(path, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		made["."] = true
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &Root{path: path, dir: dir, made: made}, nil
}

// Close closes the root. Files that were created live on until they are
// committed or aborted.
func (r *Root) Close() error {
	r.mu.Lock()
	for len(r.kept) > 0 {
		r.letGo(r.kept[0])
	}
	r.mu.Unlock()
	return r.dir.Close()
}

// Path is the path that the root was opened by.
func (r *Root) Path() string { return r.path }

// Lstat describes a file, a folder or a link.
func (r *Root) Lstat(name string) (fs.FileInfo, error) {
	folder, base, err := r.parent("lstat", name)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	info, err := folder.Lstat(base)
	return info, r.explain("lstat", name, err)
}

// Remove removes a file or a link to a file. What is not there is removed
// already. It refuses a folder with ErrIsDir, and a link to one, or on the way
// to the name, with ErrLinkedFolder.
func (r *Root) Remove(name string) error {
	folder, base, err := r.parent("remove", name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrNotDir):
		return nil
	case err != nil:
		return err
	}
	defer folder.Close()
	if err = inTheWay(folder, base); err == nil {
		err = folder.Remove(base)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return r.explain("remove", name, err)
}

// RemoveEmptyFolder removes a folder if it is empty, and fails if it is not or
// is no folder.
func (r *Root) RemoveEmptyFolder(name string) error {
	folder, base, err := r.parent("rmdir", name)
	if err != nil {
		return err
	}
	defer folder.Close()
	r.forget(name)
	info, err := folder.Lstat(base)
	switch {
	case err != nil:
	case !info.IsDir():
		err = ErrNotDir
	default:
		err = folder.Remove(base)
	}
	return r.explain("rmdir", name, err)
}

// MakeFolder makes a folder and those above it, with mode 0777 less the umask.
// It is well if it is there already.
func (r *Root) MakeFolder(name string) error {
	if err := CheckName(name); err != nil {
		return r.explain("mkdir", name, err)
	}
	folder, err := r.descend("mkdir", name, true)
	if err != nil {
		return err
	}
	return folder.Close()
}

// parent opens the folder that a name is in, for the caller to close.
func (r *Root) parent(op, name string) (folder *os.Root, base string, err error) {
	above, base, err := r.split(op, name)
	if err == nil {
		folder, err = r.descend(op, above, false)
	}
	return folder, base, err
}

// split is the folder that a name is in, "" for the root, and the name that it
// has there.
func (r *Root) split(op, name string) (above, base string, err error) {
	if err := CheckName(name); err != nil {
		return "", "", r.explain(op, name, err)
	}
	above, base = path.Split(name)
	return strings.TrimSuffix(above, "/"), base, nil
}

// descend opens a folder step by step, each from the one above, so that no
// link is followed and each step can at worst stay where it is.
func (r *Root) descend(op, name string, create bool) (*os.Root, error) {
	at, err := r.dir.OpenRoot(".")
	if err != nil {
		return nil, r.explain(op, ".", err)
	}
	if name == "" {
		return at, nil
	}
	done := 0
	for segment := range strings.SplitSeq(name, "/") {
		done += len(segment)
		below, made, err := step(at, segment, create)
		at.Close()
		if err != nil {
			return nil, r.explain(op, name[:done], err)
		}
		if made {
			r.noteMade(name[:done])
		}
		at = below
		done++ // the slash
	}
	return at, nil
}

// step opens a folder in a folder.
func step(at *os.Root, segment string, create bool) (below *os.Root, made bool, err error) {
	info, err := at.Lstat(segment)
	if errors.Is(err, fs.ErrNotExist) && create {
		err = at.Mkdir(segment, 0o777)
		made = err == nil
		if made || errors.Is(err, fs.ErrExist) {
			info, err = at.Lstat(segment)
		}
	}
	if err != nil {
		return nil, false, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		// A link to a file is a file; any other may be a folder that is not
		// mounted.
		if target, err := os.Stat(filepath.Join(at.Name(), segment)); err == nil && !target.IsDir() {
			return nil, false, ErrNotDir
		}
		return nil, false, ErrLinkedFolder
	}
	if !info.IsDir() {
		return nil, false, ErrNotDir
	}
	below, err = at.OpenRoot(segment)
	return below, made, err
}

// inTheWay is the error for what must not be replaced or removed as a file: a
// folder, or a link to one. What is missing is not in the way.
func inTheWay(folder *os.Root, base string) error {
	info, err := folder.Lstat(base)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return ErrIsDir
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Stat(filepath.Join(folder.Name(), base))
		if err == nil && target.IsDir() {
			return ErrLinkedFolder
		}
	}
	return nil
}

// explain puts the full path on an error, in place of the relative one.
func (r *Root) explain(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		err = e.Err
	}
	return &fs.PathError{Op: op, Path: filepath.Join(r.path, filepath.FromSlash(name)), Err: err}
}

func (r *Root) noteMade(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made[name] = true
}

// syncMade makes sure that the folders on the way to a name, as far as they
// were made here, are on disk under their names.
func (r *Root) syncMade(name string) error {
	for above := path.Dir(name); ; above = path.Dir(above) {
		r.mu.Lock()
		made := r.made[above]
		r.mu.Unlock()
		if made {
			if err := r.syncName(above); err != nil {
				return r.explain("sync", above, err)
			}
			r.mu.Lock()
			delete(r.made, above)
			r.mu.Unlock()
		}
		if above == "." {
			return nil
		}
	}
}

// syncName brings the name of a folder to disk, by syncing the one that it is
// in.
func (r *Root) syncName(name string) error {
	var folder *os.Root
	var err error
	if name == "." {
		folder, err = os.OpenRoot(filepath.Dir(filepath.Clean(r.path)))
	} else {
		folder, err = r.descend("sync", strings.TrimPrefix(path.Dir(name), "."), false)
	}
	if err != nil {
		return err
	}
	defer folder.Close()
	return syncFolder(folder)
}
