package localfs

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// rank is what an entry is sorted by: the first bytes of its name that the
// folder's names do not all share decide most comparisons, and are quicker to
// compare, and to move about, than entries.
type rank struct {
	head  uint64
	index int32 // of the entry
}

// rank adds the ranks of entries to ranks, in the order of compareNames.
func (l *listing) rank(entries []entry, ranks []rank) []rank {
	shared := l.sharedPrefix(entries)
	for i := range entries {
		e := &entries[i]
		ranks = append(ranks, rank{headOf(l.nameOf(e)[shared:], e.folder), int32(i)})
	}
	slices.SortFunc(ranks, func(a, b rank) int {
		if c := cmp.Compare(a.head, b.head); c != 0 {
			return c
		}
		return l.compare(&entries[a.index], &entries[b.index])
	})
	return ranks
}

// inOrder adds entries to sorted in the order of their ranks.
func inOrder(sorted, entries []entry, ranks []rank) []entry {
	for _, r := range ranks {
		sorted = append(sorted, entries[r.index])
	}
	return sorted
}

// sort sorts entries where they are.
func (l *listing) sort(entries []entry) {
	slices.SortFunc(entries, func(a, b entry) int { return l.compare(&a, &b) })
}

func (l *listing) compare(a, b *entry) int {
	return compareNames(l.nameOf(a), a.folder, l.nameOf(b), b.folder)
}

// sharedPrefix is how many bytes at the front all names have in common.
func (l *listing) sharedPrefix(entries []entry) int {
	if len(entries) == 0 {
		return 0
	}
	first := l.nameOf(&entries[0])
	shared := len(first)
	for i := range entries {
		name := l.nameOf(&entries[i])
		shared = min(shared, len(name))
		for name[:shared] != first[:shared] {
			shared--
		}
	}
	return shared
}

// headOf is the first eight bytes of a name, the slash at the end of a folder's
// included. Bytes behind the end are zero, which is in no name.
func headOf(name string, folder bool) uint64 {
	var head [8]byte
	n := copy(head[:], name)
	if folder && n < len(head) {
		head[n] = '/'
	}
	return binary.BigEndian.Uint64(head[:])
}
