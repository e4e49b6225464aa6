package localfs

import (
	"context"
	"sync"
	"unicode/utf8"
)

// sight is what is known of a name: from the folder that lists it, or from
// the file itself.
type sight uint8

const (
	unknown sight = iota
	regular
	directory
	symlink
	other
)

// entry is one item of a folder, kept small: a folder may hold millions.
type entry struct {
	off    int // of the name among the listing's names
	size   int64
	sec    int64 // modification time
	nsec   int64
	ctime  int64
	ino    uint64
	len    uint16 // of the name
	kind   Kind
	seen   sight
	folder bool // the name stands for the folder of that name: it ends in "/"
	link   bool
}

// listing is the wanted part of one folder, in order.
type listing struct {
	names   string
	entries []entry
	dev     uint64         // the device of most files
	rare    map[int]*rarer // by entry.off
}

// rarer is what few entries need.
type rarer struct {
	err error
	dev uint64
}

func (l *listing) nameOf(e *entry) string { return l.names[e.off : e.off+int(e.len)] }

func (l *listing) errOf(e *entry) error {
	if r := l.rare[e.off]; r != nil {
		return r.err
	}
	return nil
}

func (l *listing) devOf(e *entry) uint64 {
	if r := l.rare[e.off]; r != nil {
		return r.dev
	}
	return l.dev
}

func (l *listing) note(e *entry, r rarer) {
	if l.rare == nil {
		l.rare = map[int]*rarer{}
	}
	l.rare[e.off] = &r
}

// folders is a chain of nodes for the folders of the listing that are to be
// entered, in order.
func (l *listing) folders(parent *node) (first, last *node, count int) {
	for i := range l.entries {
		e := &l.entries[i]
		if e.kind != Folder {
			continue
		}
		name := l.nameOf(e)
		n := &node{name: parent.name + name + "/", links: parent.links, linked: e.link}
		n.bounds, _ = parent.bounds.below(name)
		if e.link {
			n.links = &trail{dev: l.devOf(e), ino: e.ino, up: parent.links}
		}
		if first == nil {
			first = n
		} else {
			last.next = n
		}
		last = n
		count++
	}
	return first, last, count
}

// lister reads folders, one at a time.
type lister struct {
	ctx   context.Context // once done, listings are cut short; nobody looks at them
	scan  *scan
	paths joiner
	*scratch

	// Of the folder that is being read.
	node *node
	dir  *dir
	list *listing
}

// walked has the entries of listings that the walk is through with, for the
// folders that are read next.
var walked entryPool

type entryPool struct{ pool sync.Pool }

// take is room for n entries.
func (p *entryPool) take(n int) []entry {
	if entries, ok := p.pool.Get().(*[]entry); ok && cap(*entries) >= n {
		return (*entries)[:0]
	}
	return make([]entry, 0, n)
}

// done says that nobody looks at the listing any more.
func (p *entryPool) done(l *listing) {
	if entries := l.entries; cap(entries) <= wide {
		p.pool.Put(&entries)
	}
}

// scratch is what reading a folder needs while it lasts. Most readers wait
// most of the time, so they share a few.
type scratch struct {
	buf   dirBuffer
	names []byte
	raw   []entry
	more  []entry // second entries of names that have two
	ranks []rank
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// read reads a folder and looks at its files. It sets n.list or n.err.
func (l *lister) read(n *node) {
	n.list, n.err = nil, nil
	follow := n.linked && (n.name == "" || l.scan.opts.Links == FollowLinks)
	dir, err := l.scan.tree.open(n.name, follow)
	if err != nil {
		n.err = l.scan.tree.pathError("open", n.name, err)
		return
	}
	defer dir.close()
	l.node, l.dir, l.scratch = n, dir, scratches.Get().(*scratch)
	defer l.putAway()
	if err := l.readNames(); err != nil {
		n.err = l.scan.tree.pathError("readdir", n.name, err)
		return
	}
	n.list = l.look()
}

// putAway ends the reading of a folder.
func (l *lister) putAway() {
	scratches.Put(l.scratch)
	l.node, l.dir, l.list, l.scratch = nil, nil, nil, nil
}

// readNames fills l.names and l.raw with the names that may be wanted.
func (l *lister) readNames() error {
	l.names, l.raw = l.names[:0], l.raw[:0]
	return l.dir.read(&l.buf, func(name []byte, seen sight) bool {
		if !l.inBounds(name) {
			return true
		}
		if seen != directory && isOwnTemp(name) {
			l.tellTemp(name)
			return true
		}
		l.raw = append(l.raw, entry{off: len(l.names), len: uint16(len(name)), seen: seen})
		l.names = append(l.names, name...)
		return l.ctx.Err() == nil
	})
}

// tellTemp tells of a temporary file of ours.
func (l *lister) tellTemp(name []byte) {
	if tell := l.scan.opts.Temp; tell != nil && isTemp(name) {
		tell(l.node.name + string(name))
	}
}

// inBounds says whether the name, as a file or as a folder, is in bounds.
func (l *lister) inBounds(name []byte) bool {
	if l.node.bounds == (bounds{}) {
		return true
	}
	if l.node.bounds.has(string(name)) {
		return true
	}
	_, ok := l.node.bounds.below(string(name))
	return ok
}

// wide is the number of entries from which on a folder's scratch becomes its
// listing, so that there is not twice as much of it.
const wide = 4096

// look finds out what the names stand for, and puts them in order.
func (l *lister) look() *listing {
	l.list = &listing{names: string(l.names)}
	l.more = l.more[:0]
	entries := l.raw[:0]
	for _, e := range l.raw {
		if l.ctx.Err() != nil {
			break
		}
		if l.resolve(&e) {
			entries = append(entries, e)
		}
	}
	entries = append(entries, l.more...)
	if len(entries) > wide {
		l.list.sort(entries)
		l.list.entries, *l.scratch = entries, scratch{}
	} else {
		l.ranks = l.list.rank(entries, l.ranks[:0])
		l.list.entries = inOrder(walked.take(len(entries)), entries, l.ranks)
	}
	return l.list
}

// resolve turns a name into its entry, or into two, the second of which goes
// to l.more; false drops it.
func (l *lister) resolve(e *entry) bool {
	name := l.list.nameOf(e)
	switch e.seen {
	case directory:
		return l.show(e, face{}, l.folderFace(name), Folder, nil)
	case symlink, unknown:
		return l.resolveUnsure(e, name)
	}
	return l.resolveFile(e, name)
}

// resolveFile looks at a name that the folder says is no folder.
func (l *lister) resolveFile(e *entry, name string) bool {
	asFile := l.fileFace(name)
	if !asFile.open {
		return l.show(e, asFile, face{}, Excluded, nil)
	}
	if e.seen == other {
		return l.show(e, asFile, face{}, Special, ErrNotFile)
	}
	st, err := l.dir.stat(name, false)
	switch {
	case err != nil:
		return l.show(e, asFile, l.folderFace(name), Hole, err)
	case st.seen != regular:
		e.seen = st.seen // replaced since it was listed
		return l.resolve(e)
	}
	e.fill(&st)
	l.noteDev(e, &st)
	return l.show(e, asFile, face{}, File, nil)
}

// resolveUnsure looks at a name that may yet be a file or a folder.
func (l *lister) resolveUnsure(e *entry, name string) bool {
	asFile, asFolder := l.fileFace(name), l.folderFace(name)
	if !asFile.open && !asFolder.open {
		return l.show(e, asFile, asFolder, Excluded, nil)
	}
	if e.seen == unknown {
		st, err := l.dir.stat(name, false)
		if err != nil {
			return l.showUnseen(e, name, asFile, asFolder, err)
		}
		if st.seen != symlink {
			e.seen = st.seen
			return l.resolve(e)
		}
	}
	if l.scan.opts.Links == ExcludeLinks {
		return l.show(e, asFile, asFolder, Excluded, nil)
	}
	st, err := l.dir.stat(name, true)
	if err != nil {
		return l.showUnseen(e, name, asFile, asFolder, err)
	}
	return l.resolveLink(e, asFile, asFolder, &st)
}

// resolveLink looks at a link that leads somewhere.
func (l *lister) resolveLink(e *entry, asFile, asFolder face, st *status) bool {
	e.link = true
	switch {
	case st.seen == directory && l.scan.opts.Links == KeepLinks:
		return l.show(e, asFile, asFolder, Hole, ErrLinkedFolder)
	case st.seen == directory && l.node.links.has(st.dev, st.ino):
		return l.show(e, face{}, asFolder, Hole, ErrLoop)
	case st.seen == directory:
		e.ino = st.ino
		l.list.note(e, rarer{dev: st.dev})
		return l.show(e, face{}, asFolder, Folder, nil)
	case st.seen == regular:
		e.fill(st)
		l.noteDev(e, st)
		return l.show(e, asFile, face{}, File, nil)
	}
	return l.show(e, asFile, face{}, Special, ErrNotFile)
}

// showUnseen shows a name of which nothing can be learned. One that is left
// out as a file, be it out of bounds or not, does not make a hole as a folder:
// it would be a warning about an excluded name.
func (l *lister) showUnseen(e *entry, name string, asFile, asFolder face, err error) bool {
	if !l.kept(name) {
		asFolder.open = false
	}
	return l.show(e, asFile, asFolder, Hole, err)
}

// A face is one of the two things that a name may stand for: a file, or a
// folder and all below it.
type face struct {
	wanted bool // within bounds
	open   bool // and not left out by the caller
}

func (l *lister) fileFace(name string) face {
	if !l.node.bounds.has(name) {
		return face{}
	}
	return face{wanted: true, open: l.kept(name)}
}

// kept says whether the caller keeps a name as a file.
func (l *lister) kept(name string) bool {
	keep := l.scan.opts.Keep
	return keep == nil || keep(l.paths.join(l.node.name, name, ""))
}

func (l *lister) folderFace(name string) face {
	if _, ok := l.node.bounds.below(name); !ok {
		return face{}
	}
	enter := l.scan.opts.Enter
	return face{wanted: true, open: enter == nil || enter(l.paths.join(l.node.name, name, ""))}
}

// show makes e the entry of its name's file face, its folder face, or both: of
// that kind if open, else Excluded. False if neither is wanted.
func (l *lister) show(e *entry, asFile, asFolder face, kind Kind, err error) bool {
	if (kind == File || kind == Folder) && !utf8.ValidString(l.list.nameOf(e)) {
		kind, err = Hole, ErrNotUTF8
	}
	if err != nil {
		name := l.paths.join(l.node.name, l.list.nameOf(e), "")
		l.list.note(e, rarer{err: l.scan.tree.pathError("scan", name, err)})
	}
	second := *e
	second.folder = true
	second.kind = asFolder.kind(kind)
	e.kind = asFile.kind(kind)
	switch {
	case asFile.wanted && asFolder.wanted:
		l.more = append(l.more, second)
	case asFolder.wanted:
		*e = second
	}
	return asFile.wanted || asFolder.wanted
}

func (f face) kind(k Kind) Kind {
	if f.open {
		return k
	}
	return Excluded
}

func (e *entry) fill(st *status) {
	e.size, e.sec, e.nsec, e.ctime, e.ino = st.size, st.sec, st.nsec, st.ctime, st.ino
}

// noteDev keeps the device of a file, once for all that share it.
func (l *lister) noteDev(e *entry, st *status) {
	switch {
	case l.list.dev == 0:
		l.list.dev = st.dev
	case l.list.dev != st.dev:
		l.list.note(e, rarer{dev: st.dev})
	}
}
