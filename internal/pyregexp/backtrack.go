package pyregexp

import (
	"fmt"
	"strings"
)

// backtrack writes a pattern for the backtracking engine of regexp2, whose
// syntax is that of .NET.
type backtrack struct{ b strings.Builder }

// maxCount is the greatest number that the engine takes in a quantifier; no
// subject is as long.
const maxCount = 1<<31 - 2

func (w *backtrack) write(n *node) {
	switch n.op {
	case opSet:
		emitSet(&w.b, n.set)
	case opAnchor:
		w.b.WriteString(anchorSyntax[n.anchor])
	case opConcat:
		for _, sub := range n.subs {
			w.write(sub)
		}
	case opAlternate:
		w.b.WriteString("(?:")
		for i, sub := range n.subs {
			if i > 0 {
				w.b.WriteByte('|')
			}
			w.write(sub)
		}
		w.b.WriteByte(')')
	case opRepeat:
		w.writeRepeat(n)
	case opGroup:
		if n.group > 0 {
			w.wrap("(", n.subs[0], ")")
		} else {
			w.wrap("(?:", n.subs[0], ")")
		}
	case opAtomic:
		w.wrap("(?>", n.subs[0], ")")
	case opLook:
		w.writeLook(n)
	case opBackref:
		if n.folded {
			fmt.Fprintf(&w.b, `(?i:\k<%d>)`, n.group)
		} else {
			fmt.Fprintf(&w.b, `\k<%d>`, n.group)
		}
	case opConditional:
		fmt.Fprintf(&w.b, "(?(%d)", n.group)
		w.wrap("(?:", n.subs[0], ")|")
		w.wrap("(?:", n.subs[1], "))")
	}
}

func (w *backtrack) wrap(before string, n *node, after string) {
	w.b.WriteString(before)
	w.write(n)
	w.b.WriteString(after)
}

// writeRepeat makes a possessive repeat of atomic groups: Python never goes
// back into a round of it, even while the least number is not reached.
func (w *backtrack) writeRepeat(n *node) {
	before, after := "(?:", ")"
	if n.greed == possessive {
		before, after = "(?>(?>", ")"
	}
	w.wrap(before, n.subs[0], after)
	most := n.most
	if most != unlimited {
		most = min(most, maxCount)
	}
	emitQuantifier(&w.b, min(n.least, maxCount), most)
	switch n.greed {
	case lazy:
		w.b.WriteByte('?')
	case possessive:
		w.b.WriteByte(')')
	}
}

// writeLook makes a look-behind of a look-ahead that begins as many characters
// back as the pattern is wide. .NET's own would match from right to left, with
// other captures on the way.
func (w *backtrack) writeLook(n *node) {
	before, after := "(?=", ")"
	if n.negative {
		before = "(?!"
	}
	if span := n.subs[0].width.least; n.behind && span > 0 {
		before = "(?<=(?="
		if n.negative {
			before = "(?<!(?="
		}
		after = fmt.Sprintf(`)[\x{0}-\x{10FFFF}]{%d})`, min(span, maxCount))
	}
	w.wrap(before, n.subs[0], after)
}

// anchorSyntax has the anchors; those at word edges are spelled out with
// Python's word characters. No anchor of words matches in an empty subject.
var anchorSyntax = func() map[anchor]string {
	edges := func(word runeSet) (edge, noEdge string) {
		var b strings.Builder
		emitSet(&b, word)
		w := b.String()
		edge = fmt.Sprintf(`(?:(?<=%[1]s)(?!%[1]s)|(?<!%[1]s)(?=%[1]s))`, w)
		noEdge = fmt.Sprintf(`(?!\A\z)(?:(?<=%[1]s)(?=%[1]s)|(?<!%[1]s)(?!%[1]s))`, w)
		return edge, noEdge
	}
	edge, noEdge := edges(unicodeWord)
	edgeASCII, noEdgeASCII := edges(asciiWord)
	return map[anchor]string{
		atStart:           `\A`,
		atLineStart:       `(?m:^)`,
		atEnd:             `\z`,
		atLastLineEnd:     `\Z`,
		atLineEnd:         `(?m:$)`,
		atWordEdge:        edge,
		atNoWordEdge:      noEdge,
		atWordEdgeASCII:   edgeASCII,
		atNoWordEdgeASCII: noEdgeASCII,
	}
}()
