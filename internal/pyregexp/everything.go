package pyregexp

// places are positions in a subject that a part of a pattern surely reaches,
// whatever the subject is, as long as it is not empty and has no newline.
type places uint8

const (
	theStart places = 1 << iota
	afterOne        // behind the first character
	theEnd
)

// reach follows n from places that are surely reached to those that then are.
// It knows only parts that match set-wise: for the rest it claims nothing.
func reach(n *node, from places) places {
	switch n.op {
	case opSet:
		if from&theStart != 0 && takesAnything(n) {
			return afterOne
		}
	case opAnchor:
		switch n.anchor {
		case atStart, atLineStart:
			return from & theStart
		case atEnd, atLastLineEnd, atLineEnd:
			return from & theEnd
		}
	case opConcat:
		for _, sub := range n.subs {
			from = reach(sub, from)
		}
		return from
	case opGroup:
		return reach(n.subs[0], from)
	case opAlternate:
		var to places
		for _, sub := range n.subs {
			to |= reach(sub, from)
		}
		return to
	case opRepeat:
		return reachRepeat(n, from)
	}
	return 0
}

func reachRepeat(n *node, from places) places {
	if n.greed == possessive {
		return 0
	}
	var to places
	if n.least == 0 {
		to = from
	}
	if n.least <= 1 && n.most >= 1 {
		to |= reach(n.subs[0], from)
	}
	if n.least <= 1 && n.most == unlimited && takesAnything(n.subs[0]) {
		if from&theStart != 0 || n.least == 0 && from != 0 {
			to |= theEnd
		}
	}
	return to
}

// takesAnything says whether n takes any one character but a newline.
func takesAnything(n *node) bool {
	switch n.op {
	case opSet:
		for _, r := range n.set.not() {
			if r.lo != '\n' || r.hi != '\n' {
				return false
			}
		}
		return true
	case opGroup:
		return takesAnything(n.subs[0])
	case opConcat:
		return len(n.subs) == 1 && takesAnything(n.subs[0])
	}
	return false
}

// isSetWise says whether n is free of what makes one part of a match depend on
// the way another was made: references, look-around, atomic groups.
func isSetWise(n *node) bool {
	switch n.op {
	case opAtomic, opLook, opBackref, opConditional:
		return false
	}
	if n.op == opRepeat && n.greed == possessive {
		return false
	}
	for _, sub := range n.subs {
		if !isSetWise(sub) {
			return false
		}
	}
	return true
}
