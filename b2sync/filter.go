package b2sync

import (
	"errors"
	"io"
)

// FilterSpec is what the user asked for, by name, before it is compiled. The
// families are independent: a name must pass each that is not empty.
type FilterSpec struct {
	// ExcludeRegex and IncludeRegex are Python patterns for the relative name of
	// a file: it is left out when any of ExcludeRegex matches and none of
	// IncludeRegex does. IncludeRegex alone is an error.
	ExcludeRegex, IncludeRegex []string
	// ExcludeDirRegex are Python patterns for the relative path of a folder;
	// all below a folder that one matches is left out.
	ExcludeDirRegex []string
	// Globs are shell patterns for whole names, in the order given: the last
	// that matches decides. With includes only, other names are left out.
	Globs []Glob
	// Rules are the rules of filter files, in order: the first that matches
	// decides. ReadRules reads them.
	Rules []Rule
}

// Glob is one --include-glob or --exclude-glob.
type Glob struct {
	Include bool
	Pattern string
}

// Rule is one rule of a filter file.
type Rule struct {
	Include bool
	Pattern string
	Where   string // file and line, for messages
}

// NameFilter decides which names a run looks at, the same on both sides (P3).
// A nil *NameFilter keeps every name. It is safe for concurrent use.
type NameFilter struct{}

// NewNameFilter compiles a spec.
func NewNameFilter(spec FilterSpec) (*NameFilter, error) { return nil, errors.ErrUnsupported }

// ReadRules appends the rules that r holds to rules; name is what messages call
// r. A line "!" drops the rules before it, those of earlier files too.
func ReadRules(rules []Rule, name string, r io.Reader) ([]Rule, error) {
	return nil, errors.ErrUnsupported
}

// Keep says whether a file is looked at, by its relative name.
func (f *NameFilter) Keep(name string) (bool, error) { return true, nil }

// Enter says whether a folder is looked into, by its relative path without a
// slash at the end.
func (f *NameFilter) Enter(folder string) (bool, error) { return true, nil }

// Narrow returns the prefixes that every kept name begins with one of, when
// that can be proven.
func (f *NameFilter) Narrow() (prefixes []string, ok bool) { return nil, false }

// EnterCould says whether any name that is kept could lie below folder.
func (f *NameFilter) EnterCould(folder string) bool { return true }
