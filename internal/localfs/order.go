package localfs

import "strings"

// compareNames compares two names of one folder in the order of full names,
// where a folder sorts as if its name ended in "/": a-b, a.txt, a/b, a0.
//
// Sorting each folder so, and going into folders where they come, gives the
// byte order of the full names without ever sorting the whole tree.
func compareNames(a string, aFolder bool, b string, bFolder bool) int {
	n := min(len(a), len(b))
	if c := strings.Compare(a[:n], b[:n]); c != 0 {
		return c
	}
	return byteAt(a, n, aFolder) - byteAt(b, n, bFolder)
}

// byteAt is the byte of a name at i, which may be the slash that ends a
// folder's; -1 behind the end.
func byteAt(name string, i int, folder bool) int {
	switch {
	case i < len(name):
		return int(name[i])
	case i == len(name) && folder:
		return '/'
	}
	return -1
}

// bounds is a half-open interval of the names below one folder, relative to
// it; "" is an open end.
type bounds struct{ lo, hi string }

func (b bounds) has(name string) bool {
	return name >= b.lo && (b.hi == "" || name < b.hi)
}

// below is what b leaves of the folder of that name; false if nothing.
func (b bounds) below(folder string) (bounds, bool) {
	if b == (bounds{}) {
		return b, true
	}
	prefix := folder + "/"
	if b.hi != "" && prefix >= b.hi {
		return bounds{}, false
	}
	var inner bounds
	switch rest, ok := strings.CutPrefix(b.lo, prefix); {
	case ok:
		inner.lo = rest
	case b.lo > prefix:
		return bounds{}, false
	}
	if rest, ok := strings.CutPrefix(b.hi, prefix); ok {
		inner.hi = rest
	}
	return inner, true
}

// joiner makes full names of folders' and files' names, many in one
// allocation: names live as long as their neighbours, and a kept name keeps
// about a kilobyte.
type joiner struct{ block strings.Builder }

func (j *joiner) join(folder, name, end string) string {
	const blockSize = 1 << 10
	need := len(folder) + len(name) + len(end)
	if j.block.Cap()-j.block.Len() < need {
		j.block = strings.Builder{}
		j.block.Grow(max(blockSize, need))
	}
	start := j.block.Len()
	j.block.WriteString(folder)
	j.block.WriteString(name)
	j.block.WriteString(end)
	return j.block.String()[start:]
}
