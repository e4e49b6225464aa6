package pyregexp

import (
	"cmp"
	"slices"
	"sync"
	"unicode"
)

// runeRange is lo to hi, both included.
type runeRange struct{ lo, hi rune }

// runeSet is a set of characters: ranges in order that neither touch nor
// overlap. Sets are shared and never changed.
type runeSet []runeRange

// newSet puts ranges in order and joins them.
func newSet(ranges ...runeRange) runeSet {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(a, b runeRange) int { return cmp.Compare(a.lo, b.lo) })
	var set runeSet
	for _, r := range sorted {
		if last := len(set) - 1; last >= 0 && r.lo <= set[last].hi+1 {
			set[last].hi = max(set[last].hi, r.hi)
			continue
		}
		set = append(set, r)
	}
	return set
}

// not is every character outside s.
func (s runeSet) not() runeSet {
	var out runeSet
	next := rune(0)
	for _, r := range s {
		if r.lo > next {
			out = append(out, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out
}

func (s runeSet) contains(c rune) bool {
	_, found := slices.BinarySearchFunc(s, c, func(r runeRange, c rune) int {
		switch {
		case r.hi < c:
			return -1
		case r.lo > c:
			return 1
		}
		return 0
	})
	return found
}

// single returns the one character of s, if it has just one.
func (s runeSet) single() (rune, bool) {
	if len(s) == 1 && s[0].lo == s[0].hi {
		return s[0].lo, true
	}
	return 0, false
}

// The classes \w, \d and \s, for Unicode and for the flag a. Python's are
// str.isalnum or "_", str.isdecimal and str.isspace; the last counts four
// separators of ASCII that Unicode's White_Space does not.
var (
	unicodeWord  = newSet(append(tableRanges(unicode.L, unicode.N), runeRange{'_', '_'})...)
	unicodeDigit = newSet(tableRanges(unicode.Nd)...)
	unicodeSpace = newSet(append(tableRanges(unicode.White_Space), runeRange{0x1c, 0x1f})...)
	asciiWord    = newSet(runeRange{'0', '9'}, runeRange{'A', 'Z'}, runeRange{'_', '_'}, runeRange{'a', 'z'})
	asciiDigit   = newSet(runeRange{'0', '9'})
	asciiSpace   = newSet(runeRange{'\t', '\r'}, runeRange{' ', ' '})

	notUnicodeWord = unicodeWord.not()
	anyChar        = runeSet{{0, unicode.MaxRune}}
	notNewline     = newSet(runeRange{'\n', '\n'}).not()
)

func tableRanges(tables ...*unicode.RangeTable) []runeRange {
	var out []runeRange
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			out = append(out, runeRange{lo, hi})
			return
		}
		for c := lo; c <= hi; c += stride {
			out = append(out, runeRange{c, c})
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return out
}

// foldASCII adds the other case of the ASCII letters in s: the flags a and i.
func (s runeSet) foldASCII() runeSet {
	ranges := slices.Clone(s)
	for c := 'a'; c <= 'z'; c++ {
		upper := c - 'a' + 'A'
		if s.contains(c) || s.contains(upper) {
			ranges = append(ranges, runeRange{c, c}, runeRange{upper, upper})
		}
	}
	return newSet(ranges...)
}

// fold adds what Python's flag i takes for the same: characters whose lower
// cases agree, or whose lower cases have the same upper case.
func (s runeSet) fold() runeSet {
	ranges := slices.Clone(s)
	add := func(family []rune) {
		for _, c := range family {
			ranges = append(ranges, runeRange{c, c})
		}
	}
	if c, ok := s.single(); ok {
		add(caseFamilies()[c])
		return newSet(ranges...)
	}
	for c, family := range caseFamilies() {
		if s.contains(c) {
			add(family)
		}
	}
	return newSet(ranges...)
}

// caseFamilies has, for each character with a case, those that the flag i does
// not tell from it, and itself.
var caseFamilies = sync.OnceValue(func() map[rune][]rune {
	byKey := map[rune][]rune{}
	add := func(c rune) {
		key := unicode.ToUpper(unicode.ToLower(c))
		if twin, ok := longCaseTwins[key]; ok {
			key = twin
		}
		byKey[key] = append(byKey[key], c)
	}
	for _, r := range unicode.CaseRanges {
		for c := rune(r.Lo); c <= rune(r.Hi); c++ {
			add(c)
		}
	}
	for c := range longCaseTwins {
		add(c)
	}
	families := map[rune][]rune{}
	for key, family := range byKey {
		if !slices.Contains(family, key) {
			family = append(family, key) // without a case of its own, such as ß
		}
		for _, c := range family {
			families[c] = family
		}
	}
	return families
})

// longCaseTwins are letters whose upper cases are the same string of several
// characters, which Unicode's simple case tables do not show.
var longCaseTwins = map[rune]rune{0x1fd3: 0x0390, 0x1fe3: 0x03b0, 0xfb05: 0xfb06}
