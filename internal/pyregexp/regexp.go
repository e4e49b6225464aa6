// Package pyregexp matches names by regular expressions that mean what they
// mean in Python's re.match, which the reference tool uses: a match begins at
// the start of the name and need not reach its end.
//
// A pattern is parsed by the grammar of Python 3.11 and written anew for one of
// two engines. Whatever package regexp can say exactly runs there, in linear
// time. Look-around, references to groups, conditions, atomic groups and
// possessive repeats run on a backtracking engine, with a limit of a second for
// each match.
//
// Known differences: \N{NAME} and references under the flags a and i together
// are refused; classes of characters follow the Unicode version of the Go
// release, not of a Python one; a byte of a name that is not valid UTF-8 counts
// as U+FFFD.
package pyregexp

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// matchTimeout is how long one match may take on the backtracking engine.
const matchTimeout = time.Second

// Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct {
	pattern    string
	prefix     string
	exact      bool // the pattern is prefix and nothing else
	everything bool

	linear    []branch        // nil if the pattern needs backtracking
	asciiOnly bool            // linear is right only for ASCII
	slow      *regexp2.Regexp // nil if linear is right for all
	required  string          // in every subject that slow matches
}

// branch is one of the alternatives of a pattern.
type branch struct {
	required string // in every subject that re matches
	re       *regexp.Regexp
}

// Compile parses a pattern of Python's re module. The error says what is wrong
// and where, and leaves naming the pattern to the caller.
func Compile(pattern string) (*Regexp, error) {
	tree, err := parse(pattern)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	prefix(&b, tree)
	r := &Regexp{pattern: pattern, prefix: b.String(), exact: isLiteral(tree, true)}
	r.everything = isSetWise(tree) && reach(tree, theStart) != 0
	r.linear, r.asciiOnly = compileLinear(tree)
	if r.linear == nil || r.asciiOnly {
		r.required = requiredIn(tree)
		if r.slow, err = compileBacktrack(tree); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// compileLinear returns nil if the linear engine cannot say what the pattern
// says, or finds it too large.
func compileLinear(tree *node) (branches []branch, asciiOnly bool) {
	for _, n := range alternativesOf(tree) {
		var l linear
		if !l.write(n, true) {
			return nil, false
		}
		re, err := regexp.Compile(`\A(?:` + l.b.String() + `)`)
		if err != nil {
			return nil, false
		}
		branches = append(branches, branch{requiredIn(n), re})
		asciiOnly = asciiOnly || l.asciiOnly
	}
	return branches, asciiOnly
}

// alternativesOf are the branches of a pattern that is a choice.
func alternativesOf(n *node) []*node {
	for n.op == opGroup || n.op == opConcat && len(n.subs) == 1 {
		n = n.subs[0]
	}
	if n.op == opAlternate {
		return n.subs
	}
	return []*node{n}
}

func compileBacktrack(tree *node) (*regexp2.Regexp, error) {
	var w backtrack
	w.write(tree)
	re, err := regexp2.Compile(`\A(?:`+w.b.String()+`)`, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("the pattern is too much for the engine: %w", err)
	}
	re.MatchTimeout = matchTimeout
	return re, nil
}

// String returns the pattern as it was given.
func (r *Regexp) String() string { return r.pattern }

// MatchStart says whether the pattern matches at the start of s. It fails only
// for a pattern that needs backtracking and took too long; the error names the
// pattern.
func (r *Regexp) MatchStart(s string) (bool, error) {
	if !strings.HasPrefix(s, r.prefix) {
		return false, nil
	}
	if r.exact {
		return true, nil
	}
	if r.linear != nil && (!r.asciiOnly || isASCII(s)) {
		return r.matchLinear(s), nil
	}
	if !strings.Contains(s, r.required) {
		return false, nil
	}
	ok, err := r.slow.MatchString(s)
	if err != nil {
		return false, fmt.Errorf("the regular expression %q was stopped: matching one name took longer than %v; it backtracks too much", r.pattern, matchTimeout)
	}
	return ok, nil
}

func (r *Regexp) matchLinear(s string) bool {
	for i := range r.linear {
		if b := &r.linear[i]; strings.Contains(s, b.required) && b.re.MatchString(s) {
			return true
		}
	}
	return false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Prefix returns the bytes that every subject begins with that the pattern
// matches; there may be none. Exact means that every subject that begins so is
// matched.
func (r *Regexp) Prefix() (literal string, exact bool) { return r.prefix, r.exact }

// MatchesEverything says whether the pattern provably matches every subject
// that is not empty and has no newline in it, as ".", ".*" and "" do. Names in
// a bucket are never empty and hold no newline. False means that nothing is
// proven.
func (r *Regexp) MatchesEverything() bool { return r.everything }
