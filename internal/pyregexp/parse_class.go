package pyregexp

import (
	"slices"
	"strconv"
	"unicode"
)

// escape parses what a backslash begins outside a class.
func (p *parser) escape(t token, f flags) (*node, error) {
	if a, ok := anchorEscape(t.char, f); ok {
		return anchorNode(a), nil
	}
	if set, ok := classEscape(t.char, f); ok {
		return setNode(set), nil
	}
	if t.char >= '1' && t.char <= '9' {
		return p.numberEscape(t, f)
	}
	c, err := p.charEscape(t)
	if err != nil {
		return nil, err
	}
	return literal(c, f), nil
}

// anchorEscape is the anchor of \A, \Z, \b and \B.
func anchorEscape(c rune, f flags) (anchor, bool) {
	ascii := f&flagA != 0
	switch {
	case c == 'A':
		return atStart, true
	case c == 'Z':
		return atEnd, true
	case c == 'b' && ascii:
		return atWordEdgeASCII, true
	case c == 'b':
		return atWordEdge, true
	case c == 'B' && ascii:
		return atNoWordEdgeASCII, true
	case c == 'B':
		return atNoWordEdge, true
	}
	return 0, false
}

// classEscape is the set of \d, \s, \w and their opposites.
func classEscape(c rune, f flags) (runeSet, bool) {
	var set runeSet
	ascii := f&flagA != 0
	switch unicode.ToLower(c) {
	case 'd':
		set = pick(ascii, asciiDigit, unicodeDigit)
	case 's':
		set = pick(ascii, asciiSpace, unicodeSpace)
	case 'w':
		set = pick(ascii, asciiWord, unicodeWord)
	default:
		return nil, false
	}
	switch {
	case c == 'W' && !ascii:
		return notUnicodeWord, true
	case unicode.IsUpper(c):
		return set.not(), true
	}
	return set, true
}

func pick(first bool, a, b runeSet) runeSet {
	if first {
		return a
	}
	return b
}

// numberEscape parses \1 to \99, a reference to a group, unless three octal
// digits make it a character.
func (p *parser) numberEscape(t token, f flags) (*node, error) {
	number := string(t.char) + p.run(1, digits)
	octal := func(c byte) bool { return c <= '7' }
	if len(number) == 2 && octal(number[0]) && octal(number[1]) {
		if third := p.run(1, octalDigits); third != "" {
			c, err := p.octal(t, number+third)
			if err != nil {
				return nil, err
			}
			return literal(c, f), nil
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, p.errorAt(t.at, "bad escape \\%s", number)
	}
	return p.backref(t.at, n, f)
}

func (p *parser) octal(t token, s string) (rune, error) {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n > 0o377 {
		return 0, p.errorAt(t.at, "octal escape value \\%s is above \\377", s)
	}
	return rune(n), nil
}

// charEscape parses an escape that stands for one character.
func (p *parser) charEscape(t token) (rune, error) {
	switch t.char {
	case 'a':
		return '\a', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'v':
		return '\v', nil
	case 'x':
		return p.hexEscape(t, 2)
	case 'u':
		return p.hexEscape(t, 4)
	case 'U':
		return p.hexEscape(t, 8)
	case 'N':
		return 0, p.errorAt(t.at, "\\N{...} is not supported; write the character itself or \\uXXXX")
	case '0':
		return p.octal(t, "0"+p.run(2, octalDigits))
	}
	if t.char < unicode.MaxASCII && (unicode.IsLetter(t.char) || unicode.IsDigit(t.char)) {
		return 0, p.errorAt(t.at, "bad escape \\%c", t.char)
	}
	return t.char, nil
}

// hexEscape reads exactly n hexadecimal digits.
func (p *parser) hexEscape(t token, n int) (rune, error) {
	s := p.run(n, hexDigits)
	if len(s) != n {
		return 0, p.errorAt(t.at, "incomplete escape \\%c%s", t.char, s)
	}
	c, err := strconv.ParseUint(s, 16, 32)
	if err != nil || c > unicode.MaxRune {
		return 0, p.errorAt(t.at, "bad escape \\%c%s", t.char, s)
	}
	return rune(c), nil
}

// class parses a set in brackets, whose opening one is t.
func (p *parser) class(t token, f flags) (*node, error) {
	var chars []runeRange // what the flag i folds
	var sets []runeRange  // what it does not
	negative := p.accept('^')
	for first := true; ; first = false {
		c, ok := p.get()
		switch {
		case !ok:
			return nil, p.errorAt(t.at, "unterminated character set")
		case c.is(']') && !first:
			set := newSet(append(slices.Clone(foldBy(newSet(chars...), f)), sets...)...)
			if negative {
				set = set.not()
			}
			return setNode(set), nil
		}
		lo, set, err := p.classItem(c, f)
		if err != nil {
			return nil, err
		}
		hi, isRange, err := p.rangeEnd(t, f)
		switch {
		case err != nil:
			return nil, err
		case isRange && (set != nil || hi < lo):
			return nil, p.errorAt(c.at, "bad character range")
		case set != nil:
			sets = append(sets, set...)
		case isRange:
			chars = append(chars, runeRange{lo, hi})
		default:
			chars = append(chars, runeRange{lo, lo})
		}
	}
}

// classItem parses one character, or one class such as \d, inside brackets.
func (p *parser) classItem(t token, f flags) (rune, runeSet, error) {
	if !t.escaped {
		return t.char, nil, nil
	}
	if set, ok := classEscape(t.char, f); ok {
		return 0, set, nil
	}
	if t.char == 'b' {
		return '\b', nil, nil
	}
	if t.char >= '0' && t.char <= '7' {
		c, err := p.octal(t, string(t.char)+p.run(2, octalDigits))
		return c, nil, err
	}
	c, err := p.charEscape(t)
	return c, nil, err
}

// rangeEnd parses the rest of a range, if a hyphen comes next that is not the
// last character of the class that t opened.
func (p *parser) rangeEnd(t token, f flags) (hi rune, isRange bool, err error) {
	if !p.peekIs('-') {
		return 0, false, nil
	}
	if p.next+1 >= len(p.tokens) {
		return 0, false, p.errorAt(t.at, "unterminated character set")
	}
	if p.tokens[p.next+1].is(']') {
		return 0, false, nil // the hyphen is read next, as itself
	}
	p.next++
	end, _ := p.get()
	hi, set, err := p.classItem(end, f)
	if err == nil && set != nil {
		err = p.errorAt(end.at, "bad character range")
	}
	return hi, true, err
}
