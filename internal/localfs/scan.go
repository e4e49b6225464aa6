package localfs

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// LinkPolicy is what a scan makes of symbolic links below the root. The root
// itself may always be a link.
type LinkPolicy uint8

// The link policies.
const (
	// FollowLinks takes a link for what it leads to, as a source does. A link
	// to a folder is entered, but not a second time on one path, so that loops
	// end; two links side by side to one folder are both entered.
	FollowLinks LinkPolicy = iota
	// ExcludeLinks leaves out every link, whatever it leads to.
	ExcludeLinks
	// KeepLinks enters no link, as a destination must. A link to a file counts
	// as that file; a link to a folder is a hole with ErrLinkedFolder.
	KeepLinks
)

// ScanOptions say what to scan. The zero value is a source, whole.
type ScanOptions struct {
	// Lo and Hi bound the names: those from Lo on that come before Hi; "" is an
	// open end. Folders that are wholly outside are not read. Of a folder that
	// is partly inside, a hole or an exclusion is reported even though its own
	// name "d/" comes before Lo.
	Lo, Hi string
	Links  LinkPolicy

	// Enter is asked for each folder before it is read, by its name without a
	// slash at the end; false leaves out all below it. Nil enters all.
	//
	// Enter and Keep are called by several goroutines at once. A link, or a
	// name of unknown kind, may be asked about with both.
	Enter func(name string) bool
	// Keep is asked for each other name before anything is asked of the file
	// itself; false leaves the name out. Nil keeps all.
	Keep func(name string) bool

	// Temp is told the temporary files of this package, which are passed over,
	// for Root.Sweep. It is called by several goroutines at once; nil if nobody
	// wants to know.
	Temp func(name string)

	// Readers is how many folders are read at once, ahead of the walk; 0 is 8.
	// Memory grows with it, and with the widest folder.
	Readers int
}

const defaultReaders = 8

// Scan walks the tree below root. Items come in the byte order of their names,
// where a folder's name ends in "/"; a folder comes before what is below it.
//
// What cannot be seen is a Hole, and the scan goes on. An error comes only
// once and last, when the scan itself ends early: the root is missing
// (fs.ErrNotExist), no folder (ErrNotDir) or unreadable, or ctx is done. The
// sequence may be ranged over again, for a new scan.
//
// Temporary files of this package and of the reference are passed over.
func Scan(ctx context.Context, root string, o ScanOptions) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		tree, err := openTree(root)
		if err != nil {
			yield(Item{}, err)
			return
		}
		defer tree.close()
		s := &scan{tree: tree, opts: o, yield: yield}
		if o.Links == FollowLinks {
			s.rootLink = rootLink(root)
		}
		ahead := startReading(ctx, s)
		defer ahead.stop()
		if err := s.walkRoot(ahead); err != nil {
			yield(Item{}, err)
		}
	}
}

// scan is one walk of a tree.
type scan struct {
	tree     *tree
	opts     ScanOptions
	yield    func(Item, error) bool
	names    joiner
	rootLink *trail
}

// walkRoot walks all. Its error is the one that ends the scan; nil also if the
// caller has had enough.
func (s *scan) walkRoot(ahead *readAhead) error {
	top, err := ahead.next()
	if err != nil {
		return err
	}
	if top.err != nil {
		return top.err
	}
	_, err = s.walk(top, ahead)
	return err
}

// walk hands out what is in a folder and below; false when the caller has had
// enough.
func (s *scan) walk(folder *node, ahead *readAhead) (more bool, err error) {
	list := folder.list
	folder.list = nil
	for i := range list.entries {
		e := &list.entries[i]
		item := s.item(folder, list, e)
		if e.kind != Folder {
			if !s.yield(item, nil) {
				return false, nil
			}
			continue
		}
		sub, err := ahead.next()
		if err != nil {
			return false, err
		}
		if more, err := s.enter(item, sub, ahead); !more || err != nil {
			return more, err
		}
	}
	walked.done(list)
	return true, nil
}

// enter hands out a folder's own item and what is below it.
func (s *scan) enter(item Item, sub *node, ahead *readAhead) (more bool, err error) {
	if sub.err != nil {
		item.Kind, item.Err = Hole, sub.err
		return s.yield(item, nil), nil
	}
	// A lower bound inside the folder comes after the folder's own name.
	if sub.bounds.lo == "" && !s.yield(item, nil) {
		return false, nil
	}
	return s.walk(sub, ahead)
}

// item is an entry as the caller sees it.
func (s *scan) item(folder *node, list *listing, e *entry) Item {
	end := ""
	if e.folder {
		end = "/"
	}
	item := Item{Name: s.names.join(folder.name, list.nameOf(e), end), Kind: e.kind}
	switch e.kind {
	case File:
		item.Link = e.link
		item.Size = e.size
		item.ModTime = ModTimeMillis(e.sec, e.nsec)
		item.ModTimeNS = e.sec*1e9 + e.nsec
		item.CTimeNS, item.Ino = e.ctime, e.ino
		item.Dev = list.devOf(e)
	case Hole, Special:
		item.Err = list.errOf(e)
	}
	return item
}

// full is the path of a name, for messages.
func (t *tree) full(name string) string {
	return filepath.Join(t.path, filepath.FromSlash(name))
}

func (t *tree) pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: t.full(name), Err: err}
}

// trail is the links to folders that led to a place, by what they led to. The
// reference looks for loops among these, so a link to a folder above is
// followed once.
type trail struct {
	dev, ino uint64
	up       *trail
}

func (t *trail) has(dev, ino uint64) bool {
	for ; t != nil; t = t.up {
		if t.dev == dev && t.ino == ino {
			return true
		}
	}
	return false
}

// rootLink is the trail of a root that is itself a link.
func rootLink(root string) *trail {
	link, err := os.Lstat(root)
	if err != nil || link.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	dev, ino := identify(root)
	return &trail{dev: dev, ino: ino}
}
