package pyregexp

// A node is a part of a parsed pattern. Flags are resolved while parsing: i, s
// and a into sets, m into the kind of anchor, x into nothing.
type node struct {
	op   op
	subs []*node // of concat, alternate; one of repeat, group, atomic, look; yes and no of conditional

	set      runeSet    // opSet
	anchor   anchor     // opAnchor
	least    int64      // opRepeat
	most     int64      // opRepeat; unlimited for no end
	greed    greed      // opRepeat
	group    int        // opGroup: 0 does not capture; opBackref, opConditional
	folded   bool       // opBackref under the flag i
	behind   bool       // opLook
	negative bool       // opLook
	width    widthRange // how many characters it can match
}

type op uint8

const (
	opSet op = iota
	opAnchor
	opConcat
	opAlternate
	opRepeat
	opGroup
	opAtomic
	opLook
	opBackref
	opConditional
)

type anchor uint8

const (
	atStart         anchor = iota // \A, and ^ without m
	atLineStart                   // ^ with m
	atEnd                         // \Z
	atLastLineEnd                 // $ without m: the end, or before a newline there
	atLineEnd                     // $ with m
	atWordEdge                    // \b
	atNoWordEdge                  // \B
	atWordEdgeASCII               // \b with a
	atNoWordEdgeASCII
)

type greed uint8

const (
	greedy greed = iota
	lazy
	possessive
)

// unlimited is the upper bound of * and +; Python's own constant, which a
// written bound may not reach.
const unlimited = 1<<32 - 1

// widthRange is the least and the most number of characters that something
// matches, both held below tooWide.
type widthRange struct{ least, most int64 }

const tooWide = 1 << 60

func (w widthRange) plus(v widthRange) widthRange {
	return widthRange{min(w.least+v.least, tooWide), min(w.most+v.most, tooWide)}
}

func (w widthRange) or(v widthRange) widthRange {
	return widthRange{min(w.least, v.least), max(w.most, v.most)}
}

func (w widthRange) times(least, most int64) widthRange {
	out := widthRange{product(w.least, least), product(w.most, most)}
	if most == unlimited && w.most > 0 {
		out.most = tooWide
	}
	return out
}

// product is a times b, at most tooWide.
func product(a, b int64) int64 {
	if a > 0 && b > tooWide/a {
		return tooWide
	}
	return a * b
}

func setNode(s runeSet) *node {
	return &node{op: opSet, set: s, width: widthRange{1, 1}}
}

func anchorNode(a anchor) *node { return &node{op: opAnchor, anchor: a} }

func concat(items []*node) *node {
	n := &node{op: opConcat, subs: items}
	for _, item := range items {
		n.width = n.width.plus(item.width)
	}
	return n
}

// alternate is a choice between branches; a single one is returned as it is.
func alternate(branches []*node) *node {
	if len(branches) == 1 {
		return branches[0]
	}
	n := &node{op: opAlternate, subs: branches, width: branches[0].width}
	for _, b := range branches[1:] {
		n.width = n.width.or(b.width)
	}
	return n
}

func repeat(sub *node, least, most int64, g greed) *node {
	return &node{op: opRepeat, subs: []*node{sub}, least: least, most: most, greed: g, width: sub.width.times(least, most)}
}

func group(sub *node, number int) *node {
	return &node{op: opGroup, subs: []*node{sub}, group: number, width: sub.width}
}

func atomic(sub *node) *node {
	return &node{op: opAtomic, subs: []*node{sub}, width: sub.width}
}

func look(sub *node, behind, negative bool) *node {
	return &node{op: opLook, subs: []*node{sub}, behind: behind, negative: negative}
}

func conditional(number int, yes, no *node) *node {
	return &node{op: opConditional, subs: []*node{yes, no}, group: number, width: yes.width.or(no.width)}
}
