package pyregexp

import (
	"strings"
	"unicode/utf8"
)

// isPlain says whether c is found in a subject by looking for its bytes. An
// invalid byte of a subject counts as U+FFFD, and surrogates have no bytes.
func isPlain(c rune) bool { return c != utf8.RuneError && utf8.ValidRune(c) }

// prefix writes the characters that every match of n begins with, and says
// whether n is nothing but them, so that what follows n comes right after.
func prefix(b *strings.Builder, n *node) (whole bool) {
	switch n.op {
	case opSet:
		c, ok := n.set.single()
		if ok = ok && isPlain(c); ok {
			b.WriteRune(c)
		}
		return ok
	case opAnchor, opLook:
		return true // takes no characters
	case opConcat:
		for _, sub := range n.subs {
			if !prefix(b, sub) {
				return false
			}
		}
		return true
	case opGroup, opAtomic:
		return prefix(b, n.subs[0])
	case opRepeat:
		if n.least > 0 {
			whole = prefix(b, n.subs[0])
		}
		return whole && n.least == 1 && n.most == 1
	case opAlternate:
		b.WriteString(commonPrefix(n.subs))
	}
	return false
}

// commonPrefix is what the matches of all branches begin with.
func commonPrefix(branches []*node) string {
	var common string
	for i, n := range branches {
		var b strings.Builder
		prefix(&b, n)
		if i == 0 {
			common = b.String()
		}
		for !strings.HasPrefix(b.String(), common) {
			_, size := utf8.DecodeLastRuneInString(common)
			common = common[:len(common)-size]
		}
	}
	return common
}

// isLiteral says whether n matches exactly where its prefix stands: characters
// alone, after an anchor if n is at the start of the pattern.
func isLiteral(n *node, start bool) bool {
	switch n.op {
	case opSet:
		c, ok := n.set.single()
		return ok && isPlain(c)
	case opAnchor:
		return start && (n.anchor == atStart || n.anchor == atLineStart)
	case opGroup:
		return isLiteral(n.subs[0], start)
	case opConcat:
		for i, sub := range n.subs {
			if !isLiteral(sub, start && i == 0) {
				return false
			}
		}
		return true
	}
	return false
}

// required finds the longest run of characters that must be somewhere in every
// subject that n matches. Looking for it first spares the engine most names.
type required struct {
	run  strings.Builder
	best string
}

func (q *required) walk(n *node) {
	switch n.op {
	case opSet:
		if c, ok := n.set.single(); ok && isPlain(c) {
			q.run.WriteRune(c)
			return
		}
		q.flush()
	case opAnchor, opLook: // takes no characters
	case opConcat, opGroup, opAtomic:
		for _, sub := range n.subs {
			q.walk(sub)
		}
	case opRepeat:
		q.flush()
		if n.least > 0 {
			q.walk(n.subs[0])
			q.flush()
		}
	default:
		q.flush()
	}
}

func (q *required) flush() {
	if q.run.Len() > len(q.best) {
		q.best = q.run.String()
	}
	q.run.Reset()
}

// requiredIn returns the longest required run of n.
func requiredIn(n *node) string {
	var q required
	q.walk(n)
	q.flush()
	return q.best
}
