package pyregexp

import (
	"fmt"
	"strings"
)

// maxDepth is how deep groups may nest. Python gives up near 400, when its
// stack is full.
const maxDepth = 300

// flags of a pattern or of a part of it.
type flags uint8

const (
	flagI flags = 1 << iota // ignore case
	flagM                   // ^ and $ at lines
	flagS                   // . matches newlines
	flagX                   // white space and comments are left out
	flagA                   // \w \d \s \b and case are those of ASCII
	flagU                   // the opposite of flagA and the default
)

// token is one character of a pattern, or one with the backslash before it:
// Python reads patterns in these pairs, inside comments and names too.
type token struct {
	char    rune
	escaped bool
	at      int // place in the pattern, in characters
}

// is says whether t is the plain character c.
func (t token) is(c rune) bool { return !t.escaped && t.char == c }

// in says whether t is a plain character of set.
func (t token) in(set string) bool { return !t.escaped && strings.ContainsRune(set, t.char) }

const (
	digits      = "0123456789"
	octalDigits = "01234567"
	hexDigits   = "0123456789abcdefABCDEF"
	verboseGap  = " \t\n\r\v\f"
)

// parser turns a pattern into nodes by the grammar of Python 3.11's re module.
// It walks down by recursion; parseFlags and the group functions are in
// parse_group.go, escapes and classes in parse_class.go.
type parser struct {
	tokens []token
	next   int // index in tokens
	length int // of the pattern, in characters
	depth  int
	global flags

	names       map[string]int
	widths      []widthRange // by group number; [0] is not used
	open        []bool       // by group number
	lookGroups  int          // number of groups when the outermost look-behind began; 0 outside
	forwardRefs map[int]int  // groups of conditionals that need not exist yet -> place
}

// parse returns the tree of a pattern.
func parse(pattern string) (*node, error) {
	p := &parser{names: map[string]int{}, widths: make([]widthRange, 1), open: make([]bool, 1), forwardRefs: map[int]int{}}
	if err := p.split(pattern); err != nil {
		return nil, err
	}
	tree, err := p.alternatives(0, true)
	if err != nil {
		return nil, err
	}
	if p.next < len(p.tokens) {
		return nil, p.errorAt(p.tokens[p.next].at, "unbalanced parenthesis")
	}
	if p.global&flagA != 0 && p.global&flagU != 0 {
		return nil, p.errorAt(0, "the flags a and u exclude each other")
	}
	for number, at := range p.forwardRefs {
		if number >= len(p.widths) {
			return nil, p.errorAt(at, "there is no group %d", number)
		}
	}
	return tree, nil
}

// split cuts the pattern into tokens.
func (p *parser) split(pattern string) error {
	chars := []rune(pattern)
	p.length = len(chars)
	for i := 0; i < len(chars); i++ {
		t := token{char: chars[i], at: i}
		if chars[i] == '\\' {
			if i++; i == len(chars) {
				return p.errorAt(i-1, "bad escape: the pattern ends in a backslash")
			}
			t.char, t.escaped = chars[i], true
		}
		p.tokens = append(p.tokens, t)
	}
	return nil
}

func (p *parser) errorAt(at int, format string, args ...any) error {
	return fmt.Errorf("%s at position %d", fmt.Sprintf(format, args...), at)
}

// errorHere is an error at the next token.
func (p *parser) errorHere(format string, args ...any) error {
	return p.errorAt(p.place(), format, args...)
}

// place is where the next token stands.
func (p *parser) place() int {
	if p.next < len(p.tokens) {
		return p.tokens[p.next].at
	}
	return p.length
}

func (p *parser) peek() (token, bool) {
	if p.next < len(p.tokens) {
		return p.tokens[p.next], true
	}
	return token{}, false
}

func (p *parser) get() (token, bool) {
	t, ok := p.peek()
	if ok {
		p.next++
	}
	return t, ok
}

// peekIs says whether the plain character c comes next.
func (p *parser) peekIs(c rune) bool {
	t, ok := p.peek()
	return ok && t.is(c)
}

// accept takes the plain character c if it comes next.
func (p *parser) accept(c rune) bool {
	if p.peekIs(c) {
		p.next++
		return true
	}
	return false
}

// run takes at most n plain characters of set.
func (p *parser) run(n int, set string) string {
	var b strings.Builder
	for range n {
		t, ok := p.peek()
		if !ok || !t.in(set) {
			break
		}
		b.WriteRune(t.char)
		p.next++
	}
	return b.String()
}

// alternatives parses a|b|c up to a closing parenthesis or the end.
func (p *parser) alternatives(f flags, top bool) (*node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.errorHere("groups are nested too deep")
	}
	var branches []*node
	for {
		branch, err := p.sequence(f, top && len(branches) == 0)
		if err != nil {
			return nil, err
		}
		branches = append(branches, branch)
		if !p.accept('|') {
			return alternate(branches), nil
		}
		if top {
			f = p.global
		}
	}
}

// sequence parses items up to a bar, a closing parenthesis or the end. Only the
// first sequence of a pattern may begin with flags for the whole of it.
func (p *parser) sequence(f flags, first bool) (*node, error) {
	var items []*node
	for {
		t, ok := p.peek()
		if !ok || t.in("|)") {
			return concat(items), nil
		}
		p.next++
		if f&flagX != 0 && t.in(verboseGap) {
			continue
		}
		if f&flagX != 0 && t.is('#') {
			p.skipLine()
			continue
		}
		if least, most, ok, err := p.quantifier(t); err != nil {
			return nil, err
		} else if ok {
			if items, err = p.quantify(items, t, least, most); err != nil {
				return nil, err
			}
			continue
		}
		if t.is('(') {
			item, global, err := p.group(t, f)
			switch {
			case err != nil:
				return nil, err
			case global && (!first || len(items) > 0):
				return nil, p.errorAt(t.at, "flags for the whole pattern must stand at its start")
			case global:
				f = p.global
			case item != nil:
				items = append(items, item)
			}
			continue
		}
		item, err := p.item(t, f)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
}

// item parses what is neither a quantifier nor a group.
func (p *parser) item(t token, f flags) (*node, error) {
	switch {
	case t.escaped:
		return p.escape(t, f)
	case t.char == '[':
		return p.class(t, f)
	case t.char == '.' && f&flagS != 0:
		return setNode(anyChar), nil
	case t.char == '.':
		return setNode(notNewline), nil
	case t.char == '^' && f&flagM != 0:
		return anchorNode(atLineStart), nil
	case t.char == '^':
		return anchorNode(atStart), nil
	case t.char == '$' && f&flagM != 0:
		return anchorNode(atLineEnd), nil
	case t.char == '$':
		return anchorNode(atLastLineEnd), nil
	}
	return literal(t.char, f), nil
}

// literal is the one character c, or its case family under the flag i.
func literal(c rune, f flags) *node {
	return setNode(foldBy(newSet(runeRange{c, c}), f))
}

// foldBy folds the case of s as the flags say.
func foldBy(s runeSet, f flags) runeSet {
	switch {
	case f&flagI == 0:
		return s
	case f&flagA != 0:
		return s.foldASCII()
	}
	return s.fold()
}

// skipLine leaves out a comment of a verbose pattern.
func (p *parser) skipLine() {
	for {
		if t, ok := p.get(); !ok || t.is('\n') {
			return
		}
	}
}

// quantifier reads ? * + or {m,n}, whose first character is t. A brace that
// begins no quantifier is a literal, as in Python.
func (p *parser) quantifier(t token) (least, most int64, ok bool, err error) {
	switch {
	case t.is('?'):
		return 0, 1, true, nil
	case t.is('*'):
		return 0, unlimited, true, nil
	case t.is('+'):
		return 1, unlimited, true, nil
	case !t.is('{') || p.peekIs('}'):
		return 0, 0, false, nil
	}
	start := p.next
	lo := p.run(len(p.tokens), digits)
	hi := lo
	if p.accept(',') {
		hi = p.run(len(p.tokens), digits)
	}
	if !p.accept('}') {
		p.next = start
		return 0, 0, false, nil
	}
	least, lowOK := bound(lo, 0)
	most, highOK := bound(hi, unlimited)
	switch {
	case !lowOK || !highOK:
		return 0, 0, false, p.errorAt(t.at, "a number of repetitions is too large")
	case most < least:
		return 0, 0, false, p.errorAt(t.at, "the least number of repetitions is above the greatest")
	}
	return least, most, true, nil
}

// bound reads a bound of a quantifier, which may be left out.
func bound(s string, missing int64) (n int64, ok bool) {
	if s == "" {
		return missing, true
	}
	for _, c := range s {
		n = n*10 + int64(c-'0')
		if n >= unlimited {
			return 0, false
		}
	}
	return n, true
}

// quantify puts a quantifier on the last item.
func (p *parser) quantify(items []*node, t token, least, most int64) ([]*node, error) {
	if len(items) == 0 || items[len(items)-1].op == opAnchor {
		return nil, p.errorAt(t.at, "nothing to repeat")
	}
	item := items[len(items)-1]
	if item.op == opRepeat {
		return nil, p.errorAt(t.at, "multiple repeat")
	}
	g := greedy
	if p.accept('?') {
		g = lazy
	} else if p.accept('+') {
		g = possessive
	}
	items[len(items)-1] = repeat(item, least, most, g)
	return items, nil
}
