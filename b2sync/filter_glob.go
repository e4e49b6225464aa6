package b2sync

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Glob is one --include-glob or --exclude-glob: a shell pattern for a whole
// relative name, as the reference's "ls --include" reads it. "*" stands for any
// characters, slashes too, "?" for any one, "[a-z]" for one of a set and
// "[!a-z]" for one outside it. A bracket that is not closed is an ordinary
// character. There are no wrong patterns.
type Glob struct {
	Include bool
	Pattern string
}

// globList turns globs, of which the last match decides, into a list of which
// the first does. Includes alone leave out all else, as in the reference.
func globList(globs []Glob) ruleList {
	var list ruleList
	includesOnly := true
	for _, g := range slices.Backward(globs) {
		includesOnly = includesOnly && g.Include
		list = append(list, globRule(g))
	}
	if includesOnly {
		list = append(list, nameRule{all: true})
	}
	return list
}

func globRule(g Glob) nameRule {
	prefix := g.Pattern
	if i := strings.IndexAny(prefix, "*?["); i >= 0 {
		prefix = prefix[:i]
	}
	if i := strings.IndexRune(prefix, utf8.RuneError); i >= 0 {
		prefix = prefix[:i] // a byte that is not UTF-8 is read as U+FFFD
	}
	return nameRule{
		include: g.Include,
		pattern: parseGlob(g.Pattern),
		prefix:  prefix,
		open:    strings.HasSuffix(g.Pattern, "*"),
		all:     g.Pattern != "" && strings.Trim(g.Pattern, "*") == "",
	}
}

// glob is a parsed shell pattern.
type glob []globItem

// globItem is a star, or a set that one character must be in. In a negated set
// of no ranges is every character.
type globItem struct {
	star    bool
	negated bool
	ranges  [][2]rune
}

func (g globItem) takes(c rune) bool {
	in := slices.ContainsFunc(g.ranges, func(r [2]rune) bool { return r[0] <= c && c <= r[1] })
	return in != g.negated
}

func parseGlob(pattern string) glob {
	var g glob
	chars := []rune(pattern)
	for i := 0; i < len(chars); i++ {
		switch c := chars[i]; c {
		case '*':
			if len(g) == 0 || !g[len(g)-1].star {
				g = append(g, globItem{star: true})
			}
		case '?':
			g = append(g, globItem{negated: true})
		case '[':
			if end := globClassEnd(chars, i+1); end >= 0 {
				g = append(g, globClass(chars[i+1:end]))
				i = end
				continue
			}
			g = append(g, globItem{ranges: [][2]rune{{c, c}}})
		default:
			g = append(g, globItem{ranges: [][2]rune{{c, c}}})
		}
	}
	return g
}

// globClassEnd finds the bracket that closes a set that begins at i; the first
// character of a set may be a closing bracket. It returns -1 if there is none.
func globClassEnd(chars []rune, i int) int {
	start := i
	if start < len(chars) && chars[start] == '!' {
		start++
	}
	for i = start; i < len(chars); i++ {
		if chars[i] == ']' && i > start {
			return i
		}
	}
	return -1
}

// globClass parses what stands between the brackets of a set. A range whose end
// sorts before its beginning is empty.
func globClass(chars []rune) globItem {
	var g globItem
	if chars[0] == '!' {
		g.negated = true
		chars = chars[1:]
	}
	for len(chars) > 0 {
		if len(chars) > 2 && chars[1] == '-' {
			g.ranges = append(g.ranges, [2]rune{chars[0], chars[2]})
			chars = chars[3:]
			continue
		}
		g.ranges = append(g.ranges, [2]rune{chars[0], chars[0]})
		chars = chars[1:]
	}
	return g
}

// MatchString matches all of name. When an item does not fit, the last star
// takes one character more; stars before that need not change.
func (g glob) MatchString(name string) bool {
	item, at := 0, 0
	star, starAt := -1, 0
	for at < len(name) {
		c, size := utf8.DecodeRuneInString(name[at:])
		switch {
		case item < len(g) && g[item].star:
			star, starAt = item, at
			item++
		case item < len(g) && g[item].takes(c):
			item++
			at += size
		case star >= 0:
			_, size := utf8.DecodeRuneInString(name[starAt:])
			starAt += size
			item, at = star+1, starAt
		default:
			return false
		}
	}
	for item < len(g) && g[item].star {
		item++
	}
	return item == len(g)
}
