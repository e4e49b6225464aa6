package b2sync

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rule is one rule of a filter file, in the syntax of rclone's --filter-from.
type Rule struct {
	Include bool
	Pattern string
	Where   string // file and line, for messages; may be empty
}

// maxRuleLine is how long a line of a filter file may be, in bytes.
const maxRuleLine = 1 << 20

// ReadRules appends the rules that r holds to rules and returns them; name is
// what messages call r. A line is "+ PATTERN" to include, "- PATTERN" to
// exclude, or "!" to drop all rules before it, those of earlier files too.
// Empty lines and lines that begin with # or ; are left out, and so is white
// space around a line. Patterns are checked here, so that an error has its
// line.
func ReadRules(rules []Rule, name string, r io.Reader) ([]Rule, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxRuleLine)
	number := 0
	for lines.Scan() {
		number++
		where := fmt.Sprintf("%s:%d", name, number)
		text := lines.Text()
		if number == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		text = strings.TrimSpace(text)
		switch {
		case text == "" || text[0] == '#' || text[0] == ';':
		case text == "!":
			rules = rules[:0:0]
		case strings.HasPrefix(text, "+ ") || strings.HasPrefix(text, "- "):
			rule := Rule{Include: text[0] == '+', Pattern: text[2:], Where: where}
			if _, err := compileRule(rule); err != nil {
				return nil, err
			}
			rules = append(rules, rule)
		default:
			return nil, fmt.Errorf("%s: a rule begins with \"+ \" or \"- \", or is \"!\": %q", where, text)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, number+1, err)
	}
	return rules, nil
}

func compileRules(rules []Rule) (ruleList, error) {
	var list ruleList
	for _, r := range rules {
		compiled, err := compileRule(r)
		if err != nil {
			return nil, err
		}
		if r.Include && strings.HasSuffix(r.Pattern, "/") {
			continue // a rule for folders only: it includes no file
		}
		list = append(list, compiled)
	}
	return list, nil
}

// compileRule makes a rule ready. To exclude a folder is to exclude all below
// it.
func compileRule(r Rule) (nameRule, error) {
	pattern := r.Pattern
	if !r.Include && strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	t := ruleTranslator{rest: pattern}
	re, err := t.translate()
	if err != nil {
		where := r.Where
		if where != "" {
			where += ": "
		}
		return nameRule{}, fmt.Errorf("%sbad pattern %q: %w", where, r.Pattern, err)
	}
	return nameRule{
		include: r.Include,
		pattern: re,
		prefix:  rulePrefix(pattern),
		open:    t.open,
		all:     slices.Contains([]string{"*", "**", "/**"}, pattern),
	}, nil
}

// rulePrefix is the literal start of a pattern that is anchored at the root.
func rulePrefix(pattern string) string {
	prefix, anchored := strings.CutPrefix(pattern, "/")
	if !anchored {
		return ""
	}
	for i, c := range prefix {
		if strings.ContainsRune(`*?[{\`, c) || c == utf8.RuneError {
			return prefix[:i]
		}
	}
	return prefix
}

// ruleTranslator turns a pattern into a regular expression of package regexp,
// which runs in linear time:
//
//	?         one character, not a slash
//	*         anything but slashes
//	**        anything
//	[a-z]     one of a set; [!a-z] and [^a-z] one outside it
//	{a,b}     one of some patterns
//	{{re}}    a regular expression of package regexp
//	\c        the character c, or a class such as \d
//
// A pattern that begins with a slash is anchored at the root, any other matches
// from the start of a name or of one of its parts; all match to the end.
type ruleTranslator struct {
	rest  string
	out   strings.Builder
	depth int  // of braces
	open  bool // what was translated last is **, outside braces
}

func (t *ruleTranslator) translate() (*regexp.Regexp, error) {
	if rest, anchored := strings.CutPrefix(t.rest, "/"); anchored {
		t.rest = rest
		t.out.WriteString(`\A(?:`)
	} else {
		t.out.WriteString(`(?:\A|/)(?:`)
	}
	for t.rest != "" {
		t.open = false
		if err := t.step(); err != nil {
			return nil, err
		}
	}
	if t.depth > 0 {
		return nil, errors.New("a { is not closed")
	}
	t.out.WriteString(`)\z`)
	return regexp.Compile(t.out.String())
}

// step translates one item.
func (t *ruleTranslator) step() error {
	c, size := utf8.DecodeRuneInString(t.rest)
	switch c {
	case '*':
		return t.stars()
	case '?':
		t.out.WriteString(`[^/]`)
	case '[':
		return t.class()
	case ']':
		return errors.New("a ] has no [ before it")
	case '\\':
		return t.escape()
	case '{':
		if strings.HasPrefix(t.rest, "{{") {
			return t.regexp()
		}
		t.depth++
		t.out.WriteString("(?:")
	case '}':
		if t.depth == 0 {
			return errors.New("a } has no { before it")
		}
		t.depth--
		t.out.WriteByte(')')
	case ',':
		if t.depth > 0 {
			t.out.WriteByte('|')
		} else {
			t.out.WriteByte(',')
		}
	default:
		t.out.WriteString(regexp.QuoteMeta(t.rest[:size]))
	}
	t.rest = t.rest[size:]
	return nil
}

func (t *ruleTranslator) stars() error {
	rest := strings.TrimLeft(t.rest, "*")
	switch len(t.rest) - len(rest) {
	case 1:
		t.out.WriteString(`[^/]*`)
	case 2:
		t.out.WriteString(`(?s:.*)`)
		t.open = t.depth == 0
	default:
		return errors.New("more than two stars in a row")
	}
	t.rest = rest
	return nil
}

// escape passes an escape on: it is a literal character, or a class.
func (t *ruleTranslator) escape() error {
	if len(t.rest) == 1 {
		return errors.New("the pattern ends in a backslash")
	}
	_, size := utf8.DecodeRuneInString(t.rest[1:])
	item := t.rest[:1+size]
	if _, err := regexp.Compile(item); err != nil {
		return fmt.Errorf("the escape %s means nothing", item)
	}
	t.out.WriteString("(?:" + item + ")")
	t.rest = t.rest[1+size:]
	return nil
}

// class passes a set in brackets on. Brackets may nest, as in [[:alpha:]].
func (t *ruleTranslator) class() error {
	depth := 0
	for i := 0; i < len(t.rest); i++ {
		switch t.rest[i] {
		case '\\':
			i++
		case '[':
			depth++
		case ']':
			if depth--; depth > 0 {
				continue
			}
			set := t.rest[:i+1]
			if strings.HasPrefix(set, "[!") {
				set = "[^" + set[2:]
			}
			if _, err := regexp.Compile(set); err != nil {
				return fmt.Errorf("bad set %s: %w", t.rest[:i+1], err)
			}
			t.out.WriteString(set)
			t.rest = t.rest[i+1:]
			return nil
		}
	}
	return errors.New("a [ is not closed")
}

// regexp passes {{...}} on. Of several closing braces the last two close it.
func (t *ruleTranslator) regexp() error {
	end := strings.Index(t.rest, "}}")
	if end < 0 {
		return errors.New("a {{ is not closed")
	}
	for strings.HasPrefix(t.rest[end+1:], "}}") {
		end++
	}
	inner := t.rest[2:end]
	if _, err := regexp.Compile(inner); err != nil {
		return err
	}
	t.out.WriteString("(?:" + inner + ")")
	t.rest = t.rest[end+2:]
	return nil
}
