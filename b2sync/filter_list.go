package b2sync

import "strings"

// ruleList is an ordered list of rules of one family: the first that matches a
// name decides, and a name that none matches is kept.
type ruleList []nameRule

// nameRule is a pattern with its verdict.
type nameRule struct {
	include bool
	pattern namePattern
	prefix  string // every name that the pattern matches begins so
	open    bool   // the pattern ends by matching anything, slashes too
	all     bool   // the pattern matches every name
}

// namePattern matches whole names.
type namePattern interface{ MatchString(name string) bool }

func (l ruleList) keep(name string) bool {
	for i := range l {
		if l[i].all || l[i].pattern.MatchString(name) {
			return l[i].include
		}
	}
	return true
}

// enter is false if a rule leaves out all that is below folder before any rule
// can take some of it in.
func (l ruleList) enter(folder string) bool {
	below := folder + "/"
	for i := range l {
		r := &l[i]
		switch {
		case r.include && compatible(r.prefix, below):
			return true
		case !r.include && (r.all || r.open && r.pattern.MatchString(below)):
			return false
		}
	}
	return true
}

// narrow returns the prefixes of all names that the list can keep, if it ends
// in leaving out every name and each include before that has a prefix.
func (l ruleList) narrow() (prefixes []string, ok bool) {
	for i := range l {
		r := &l[i]
		switch {
		case !r.include && r.all:
			return prefixes, true
		case r.include && r.prefix == "":
			return nil, false
		case r.include:
			prefixes = append(prefixes, r.prefix)
		}
	}
	return nil, false
}

// compatible says whether a name can begin with both a and b.
func compatible(a, b string) bool {
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}
