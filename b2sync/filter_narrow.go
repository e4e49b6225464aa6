package b2sync

import (
	"slices"
	"strings"

	"github.com/bowline-sync/bowline/internal/pyregexp"
)

// Narrow returns the literal starts that kept names can have, if the filter
// provably leaves out every other name: a scan then looks only there. The
// prefixes are in order and none begins with another. With ok and no prefixes
// the filter keeps nothing at all.
//
// "--exclude-regex . --include-regex test/X" is the usual way to get here.
func (f *NameFilter) Narrow() (prefixes []string, ok bool) {
	if f == nil {
		return nil, false
	}
	return slices.Clone(f.prefixes), f.narrow
}

// findNarrow works out Narrow: what each family says, all of them together.
func (f *NameFilter) findNarrow() (prefixes []string, ok bool) {
	prefixes, ok = narrowByRegex(f.exclude, f.include)
	for _, list := range f.lists {
		more, narrow := list.narrow()
		switch {
		case narrow && ok:
			prefixes = bothPrefixes(prefixes, more)
		case narrow:
			prefixes, ok = more, true
		}
	}
	return mergePrefixes(prefixes), ok
}

// narrowByRegex holds if one exclude matches every name and each include has a
// literal start.
func narrowByRegex(exclude, include []*pyregexp.Regexp) (prefixes []string, ok bool) {
	if !slices.ContainsFunc(exclude, (*pyregexp.Regexp).MatchesEverything) {
		return nil, false
	}
	for _, re := range include {
		prefix, _ := re.Prefix()
		if prefix == "" {
			return nil, false
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, true
}

// bothPrefixes are the starts of names that start with one of a and with one
// of b: the longer of each pair that agrees.
func bothPrefixes(a, b []string) []string {
	var out []string
	for _, p := range a {
		for _, q := range b {
			if compatible(p, q) {
				out = append(out, max(p, q)) // of two that agree, the longer sorts later
			}
		}
	}
	return out
}

// mergePrefixes puts prefixes in order and drops those that begin with another.
func mergePrefixes(prefixes []string) []string {
	slices.Sort(prefixes)
	var out []string
	for _, p := range prefixes {
		if len(out) == 0 || !strings.HasPrefix(p, out[len(out)-1]) {
			out = append(out, p)
		}
	}
	return out
}

// startsWithAny says whether name begins with one of prefixes, which are those
// of mergePrefixes. Only the last one that sorts before name can be it.
func startsWithAny(name string, prefixes []string) bool {
	i, found := slices.BinarySearch(prefixes, name)
	return found || i > 0 && strings.HasPrefix(name, prefixes[i-1])
}

// couldStartBelow says whether a name below folder can begin with one of
// prefixes.
func couldStartBelow(folder string, prefixes []string) bool {
	below := folder + "/"
	return slices.ContainsFunc(prefixes, func(p string) bool { return compatible(p, below) })
}
