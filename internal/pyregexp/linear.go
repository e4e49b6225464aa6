package pyregexp

import "strings"

// linear writes a pattern for the linear-time engine of package regexp. Whether
// there is a match is all that is asked, so greed and captures say nothing.
type linear struct {
	b         strings.Builder
	asciiOnly bool // right for subjects of ASCII only
}

// write writes n and says whether it could. Last means that nothing of the
// pattern comes after n, so that n may take more than Python would.
func (l *linear) write(n *node, last bool) bool {
	switch n.op {
	case opSet:
		emitSet(&l.b, n.set)
		return true
	case opAnchor:
		return l.writeAnchor(n.anchor, last)
	case opConcat:
		for i, sub := range n.subs {
			if !l.write(sub, last && i == len(n.subs)-1) {
				return false
			}
		}
		return true
	case opAlternate:
		l.b.WriteString("(?:")
		for i, sub := range n.subs {
			if i > 0 {
				l.b.WriteByte('|')
			}
			if !l.write(sub, last) {
				return false
			}
		}
		l.b.WriteByte(')')
		return true
	case opGroup:
		return l.write(n.subs[0], last)
	case opRepeat:
		return l.writeRepeat(n, last)
	}
	return false // look-around, references, conditions and atomic groups
}

func (l *linear) writeRepeat(n *node, last bool) bool {
	if n.greed == possessive {
		return false
	}
	l.b.WriteString("(?:")
	if !l.write(n.subs[0], last && n.most <= 1) {
		return false
	}
	l.b.WriteByte(')')
	emitQuantifier(&l.b, n.least, n.most)
	return true
}

func (l *linear) writeAnchor(a anchor, last bool) bool {
	switch a {
	case atStart:
		l.b.WriteString(`\A`)
	case atLineStart:
		l.b.WriteString(`(?m:^)`)
	case atEnd:
		l.b.WriteString(`\z`)
	case atLineEnd:
		l.b.WriteString(`(?m:$)`)
	case atLastLineEnd:
		l.b.WriteString(`\n?\z`)
		return last // elsewhere the newline must not be taken
	case atWordEdge:
		l.b.WriteString(`\b`)
		l.asciiOnly = true
	case atWordEdgeASCII:
		l.b.WriteString(`\b`)
	default:
		return false // \B: Python's never matches in an empty subject
	}
	return true
}
