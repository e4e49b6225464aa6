package pyregexp

import (
	"strconv"
	"strings"
	"unicode"
)

// group parses what follows an opening parenthesis, whose token is t. Flags for
// the whole pattern are reported by global; a comment gives neither.
func (p *parser) group(t token, f flags) (item *node, global bool, err error) {
	if !p.accept('?') {
		item, err = p.capture(t, f, "")
		return item, false, err
	}
	kind, ok := p.get()
	switch {
	case !ok:
		return nil, false, p.errorHere("unexpected end of the pattern")
	case kind.is('P'):
		item, err = p.named(t, f)
	case kind.is(':'):
		item, err = p.enclosed(t, f)
		if err == nil {
			item = group(item, 0)
		}
	case kind.is('>'):
		item, err = p.enclosed(t, f)
		if err == nil {
			item = atomic(item)
		}
	case kind.is('#'):
		return nil, false, p.skipComment(t)
	case kind.in("=!"):
		item, err = p.lookAround(t, f, false, kind.is('!'))
	case kind.is('<'):
		item, err = p.lookBehind(t, f)
	case kind.is('('):
		item, err = p.conditional(t, f)
	case kind.in("-imsxauL"):
		return p.flagGroup(t, kind, f)
	default:
		return nil, false, p.errorAt(t.at+1, "unknown extension ?%c", kind.char)
	}
	return item, false, err
}

// enclosed parses alternatives and the parenthesis that closes t.
func (p *parser) enclosed(t token, f flags) (*node, error) {
	sub, err := p.alternatives(f, false)
	if err != nil {
		return nil, err
	}
	return sub, p.closing(t)
}

// closing takes the parenthesis that closes t.
func (p *parser) closing(t token) error {
	if !p.accept(')') {
		return p.errorAt(t.at, "missing ), unterminated subpattern")
	}
	return nil
}

// capture parses a group that can be referred to; name may be empty.
func (p *parser) capture(t token, f flags, name string) (*node, error) {
	number := len(p.widths)
	p.widths = append(p.widths, widthRange{})
	p.open = append(p.open, true)
	if name != "" {
		if _, ok := p.names[name]; ok {
			return nil, p.errorAt(t.at, "the group name %q is taken", name)
		}
		p.names[name] = number
	}
	sub, err := p.enclosed(t, f)
	if err != nil {
		return nil, err
	}
	p.widths[number], p.open[number] = sub.width, false
	return group(sub, number), nil
}

// named parses (?P<name>...) and (?P=name).
func (p *parser) named(t token, f flags) (*node, error) {
	switch {
	case p.accept('<'):
		name, err := p.name('>')
		if err != nil {
			return nil, err
		}
		return p.capture(t, f, name)
	case p.accept('='):
		name, err := p.name(')')
		if err != nil {
			return nil, err
		}
		number, ok := p.names[name]
		if !ok {
			return nil, p.errorAt(t.at, "unknown group name %q", name)
		}
		return p.backref(t.at, number, f)
	}
	return nil, p.errorAt(t.at+1, "unknown extension ?P")
}

// text takes everything up to a plain end character; what names it in errors.
func (p *parser) text(end rune, what string) (string, error) {
	var b strings.Builder
	for {
		t, ok := p.get()
		switch {
		case !ok:
			return "", p.errorHere("missing %c, unterminated %s", end, what)
		case t.is(end) && b.Len() == 0:
			return "", p.errorAt(t.at, "missing %s", what)
		case t.is(end):
			return b.String(), nil
		case t.escaped:
			b.WriteByte('\\')
		}
		b.WriteRune(t.char)
	}
}

// name takes a group name up to end.
func (p *parser) name(end rune) (string, error) {
	at := p.place()
	name, err := p.text(end, "group name")
	if err == nil && !isIdentifier(name) {
		err = p.errorAt(at, "bad character in group name %q", name)
	}
	return name, err
}

// isIdentifier says whether Python would take s for an identifier.
func isIdentifier(s string) bool {
	for i, c := range s {
		letter := c == '_' || unicode.In(c, unicode.L, unicode.Nl, unicode.Other_ID_Start)
		if !letter && (i == 0 || !unicode.In(c, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc, unicode.Other_ID_Continue)) {
			return false
		}
	}
	return s != ""
}

// backref refers to an earlier group that is closed.
func (p *parser) backref(at, number int, f flags) (*node, error) {
	switch {
	case number >= len(p.widths):
		return nil, p.errorAt(at, "there is no group %d yet", number)
	case p.open[number]:
		return nil, p.errorAt(at, "cannot refer to an open group")
	case f&flagI != 0 && f&flagA != 0:
		return nil, p.errorAt(at, "a reference to a group under the flags a and i together is not supported")
	}
	if err := p.checkLookGroup(at, number); err != nil {
		return nil, err
	}
	return &node{op: opBackref, group: number, folded: f&flagI != 0, width: p.widths[number]}, nil
}

// checkLookGroup refuses references inside a look-behind to groups of the same
// look-behind: Python's rule.
func (p *parser) checkLookGroup(at, number int) error {
	if p.lookGroups == 0 {
		return nil
	}
	if number >= len(p.open) || p.open[number] {
		return p.errorAt(at, "cannot refer to an open group")
	}
	if number >= p.lookGroups {
		return p.errorAt(at, "cannot refer to a group of the same look-behind")
	}
	return nil
}

func (p *parser) skipComment(t token) error {
	for {
		c, ok := p.get()
		switch {
		case !ok:
			return p.errorAt(t.at, "missing ), unterminated comment")
		case c.is(')'):
			return nil
		}
	}
}

func (p *parser) lookBehind(t token, f flags) (*node, error) {
	kind, ok := p.get()
	switch {
	case !ok:
		return nil, p.errorHere("unexpected end of the pattern")
	case !kind.in("=!"):
		return nil, p.errorAt(t.at+1, "unknown extension ?<%c", kind.char)
	}
	outermost := p.lookGroups == 0
	if outermost {
		p.lookGroups = len(p.widths)
	}
	item, err := p.lookAround(t, f, true, kind.is('!'))
	if outermost {
		p.lookGroups = 0
	}
	return item, err
}

func (p *parser) lookAround(t token, f flags, behind, negative bool) (*node, error) {
	sub, err := p.enclosed(t, f)
	if err != nil {
		return nil, err
	}
	if behind && sub.width.least != sub.width.most {
		return nil, p.errorAt(t.at, "look-behind requires a pattern of fixed width")
	}
	return look(sub, behind, negative), nil
}

// conditional parses (?(group)yes|no).
func (p *parser) conditional(t token, f flags) (*node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.errorHere("groups are nested too deep")
	}
	number, err := p.conditionGroup()
	if err != nil {
		return nil, err
	}
	if err := p.checkLookGroup(t.at, number); err != nil {
		return nil, err
	}
	yes, err := p.sequence(f, false)
	if err != nil {
		return nil, err
	}
	no := concat(nil)
	if p.accept('|') {
		if no, err = p.sequence(f, false); err != nil {
			return nil, err
		}
		if p.peekIs('|') {
			return nil, p.errorHere("a conditional has at most two branches")
		}
	}
	return conditional(number, yes, no), p.closing(t)
}

// conditionGroup reads the group of a conditional, by name or number; a number
// may be that of a later group.
func (p *parser) conditionGroup() (int, error) {
	at := p.place()
	name, err := p.text(')', "group name")
	if err != nil {
		return 0, err
	}
	if isIdentifier(name) {
		number, ok := p.names[name]
		if !ok {
			return 0, p.errorAt(at, "unknown group name %q", name)
		}
		return number, nil
	}
	number, err := strconv.Atoi(strings.TrimSpace(name))
	switch {
	case err != nil || number < 0:
		return 0, p.errorAt(at, "bad character in group name %q", name)
	case number == 0:
		return 0, p.errorAt(at, "bad group number")
	}
	if _, ok := p.forwardRefs[number]; !ok {
		p.forwardRefs[number] = at
	}
	return number, nil
}

// flagGroup parses (?flags) and (?flags-flags:...), from the first character
// after the question mark.
func (p *parser) flagGroup(t, first token, f flags) (item *node, global bool, err error) {
	var on, off flags
	end := first
	if !first.is('-') {
		if on, end, err = p.flagRun(first, ")-:"); err != nil {
			return nil, false, err
		}
		if on&flagA != 0 && on&flagU != 0 {
			return nil, false, p.errorAt(t.at, "the flags a and u exclude each other")
		}
	}
	if end.is(')') {
		p.global |= on
		return nil, true, nil
	}
	if end.is('-') {
		next, ok := p.get()
		if !ok {
			return nil, false, p.errorHere("missing flag")
		}
		if off, _, err = p.flagRun(next, ":"); err != nil {
			return nil, false, err
		}
	}
	switch {
	case off&(flagA|flagU) != 0:
		return nil, false, p.errorAt(t.at, "the flags a and u cannot be turned off")
	case on&off != 0:
		return nil, false, p.errorAt(t.at, "a flag is turned on and off")
	}
	if on&(flagA|flagU) != 0 {
		f &^= flagA | flagU
	}
	item, err = p.enclosed(t, (f|on)&^off)
	if err != nil {
		return nil, false, err
	}
	return group(item, 0), false, nil
}

// flagRun reads flags from t on until one of the end characters.
func (p *parser) flagRun(t token, ends string) (on flags, end token, err error) {
	known := map[rune]flags{'i': flagI, 'm': flagM, 's': flagS, 'x': flagX, 'a': flagA, 'u': flagU}
	for {
		flag, ok := known[t.char]
		switch {
		case t.is('L'):
			return 0, t, p.errorAt(t.at, "the flag L is for bytes only")
		case t.escaped || !ok:
			return 0, t, p.errorAt(t.at, "unknown flag %q", t.char)
		}
		on |= flag
		if t, ok = p.get(); !ok {
			return 0, t, p.errorHere("missing -, : or ) after flags")
		}
		if t.in(ends) {
			return on, t, nil
		}
	}
}
