// Package pyregexp matches names by regular expressions that mean what they
// mean in Python's re.match.
package pyregexp

import "regexp"

// Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct{ re *regexp.Regexp }

// Compile parses a pattern of Python's re module.
func Compile(pattern string) (*Regexp, error) {
	re, err := regexp.Compile(`\A(?:` + pattern + `)`)
	return &Regexp{re}, err
}

// MatchStart says whether the pattern matches at the start of s.
func (r *Regexp) MatchStart(s string) (bool, error) { return r.re.MatchString(s), nil }
