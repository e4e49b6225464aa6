package b2sync

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/bowline-sync/bowline/internal/pyregexp"
)

// FilterSpec is what the user asked for, by name, before it is compiled. The
// families are independent: a name must pass each that is not empty.
type FilterSpec struct {
	// ExcludeRegex and IncludeRegex are Python patterns for the relative name of
	// a file, matched from its start: it is left out when any of ExcludeRegex
	// matches and none of IncludeRegex does. IncludeRegex alone is an error.
	ExcludeRegex, IncludeRegex []string
	// ExcludeDirRegex are Python patterns for the relative path of a folder,
	// matched from its start. All below a folder that one of them matches is
	// left out; IncludeRegex does not bring it back.
	ExcludeDirRegex []string
	// Globs are shell patterns for whole relative names, in the order given:
	// the last that matches decides. Without any exclude, names that no include
	// matches are left out.
	Globs []Glob
	// Rules are the rules of filter files, in order: the first that matches
	// decides. ReadRules reads them.
	Rules []Rule
	// Folders are the relative paths of folders that are left out with all
	// below, whatever else is said.
	Folders []string
}

// NameFilter decides which names a run looks at, the same on both sides (P3).
// Every decision about names is made here. A nil *NameFilter keeps every name.
// A NameFilter is safe for concurrent use.
type NameFilter struct {
	exclude, include, excludeDir []*pyregexp.Regexp
	lists                        []ruleList
	folders                      []string // each ends in a slash; see mergePrefixes

	prefixes []string // of all names that can be kept, when narrow
	narrow   bool

	// lastFolder is the folder that was asked for last, as names come in order.
	lastFolder atomic.Pointer[folderVerdict]
}

// folderVerdict remembers whether a folder is entered.
type folderVerdict struct {
	folder string
	enter  bool
}

// NewNameFilter compiles a spec. An error is one line that says which pattern
// is wrong and why, in the reference's words as far as it has any. An empty
// spec makes a nil filter.
func NewNameFilter(spec FilterSpec) (*NameFilter, error) {
	if len(spec.IncludeRegex) > 0 && len(spec.ExcludeRegex) == 0 {
		return nil, errors.New("include_file_regexes cannot be used without exclude_file_regexes at the same time")
	}
	f := &NameFilter{}
	var err error
	if f.excludeDir, err = compileRegexes("exclude_dir_regexes wrong regex was given for excluding directories", spec.ExcludeDirRegex); err != nil {
		return nil, err
	}
	if f.exclude, err = compileRegexes("exclude_file_regexes wrong regex was given for excluding files", spec.ExcludeRegex); err != nil {
		return nil, err
	}
	if f.include, err = compileRegexes("include_file_regexes wrong regex was given for including files", spec.IncludeRegex); err != nil {
		return nil, err
	}
	if len(spec.Globs) > 0 {
		f.lists = append(f.lists, globList(spec.Globs))
	}
	if len(spec.Rules) > 0 {
		list, err := compileRules(spec.Rules)
		if err != nil {
			return nil, err
		}
		f.lists = append(f.lists, list)
	}
	for _, folder := range spec.Folders {
		f.folders = append(f.folders, folder+"/")
	}
	f.folders = mergePrefixes(f.folders)
	if len(f.exclude) == 0 && len(f.excludeDir) == 0 && len(f.lists) == 0 && len(f.folders) == 0 {
		return nil, nil
	}
	f.prefixes, f.narrow = f.findNarrow()
	return f, nil
}

func compileRegexes(complaint string, patterns []string) ([]*pyregexp.Regexp, error) {
	var out []*pyregexp.Regexp
	for _, p := range patterns {
		re, err := pyregexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", complaint, p, err)
		}
		out = append(out, re)
	}
	return out, nil
}

// Keep says whether a run looks at a file, by its relative name. The error is
// that of a pattern that was stopped because it took too long.
//
// Where Narrow has something to say, a name outside its prefixes is left out
// even if it holds a newline, which "." does not match: no name in a bucket
// can, so nothing is lost by taking such a pattern for all names.
func (f *NameFilter) Keep(name string) (bool, error) {
	if f == nil {
		return true, nil
	}
	if f.narrow && !startsWithAny(name, f.prefixes) {
		return false, nil
	}
	if startsWithAny(name, f.folders) {
		return false, nil
	}
	for _, list := range f.lists {
		if !list.keep(name) {
			return false, nil
		}
	}
	if keep, err := f.keepByRegex(name); !keep || err != nil {
		return false, err
	}
	slash := strings.LastIndexByte(name, '/')
	if slash < 0 || len(f.excludeDir) == 0 {
		return true, nil
	}
	return f.entered(name[:slash])
}

func (f *NameFilter) keepByRegex(name string) (bool, error) {
	excluded, err := matchesAny(f.exclude, name)
	if err != nil || !excluded {
		return !excluded, err
	}
	return matchesAny(f.include, name)
}

func matchesAny(patterns []*pyregexp.Regexp, s string) (bool, error) {
	for _, re := range patterns {
		if ok, err := re.MatchStart(s); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// Enter says whether a folder is looked into, by its relative path without a
// slash at the end: false means that Keep is false for every name below it.
// The root, an empty path, is always entered.
func (f *NameFilter) Enter(folder string) (bool, error) {
	if f == nil || folder == "" {
		return true, nil
	}
	if f.narrow && !couldStartBelow(folder, f.prefixes) {
		return false, nil
	}
	if len(f.folders) > 0 && startsWithAny(folder+"/", f.folders) {
		return false, nil
	}
	for _, list := range f.lists {
		if !list.enter(folder) {
			return false, nil
		}
	}
	if len(f.excludeDir) == 0 {
		return true, nil
	}
	return f.entered(folder)
}

// EnterCould is Enter for those who only want to be sure: false means that no
// name below folder is ever kept.
func (f *NameFilter) EnterCould(folder string) bool {
	enter, err := f.Enter(folder)
	return enter || err != nil
}

// entered says whether the folder patterns let a folder and all folders above
// it through.
func (f *NameFilter) entered(folder string) (bool, error) {
	if last := f.lastFolder.Load(); last != nil && last.folder == folder {
		return last.enter, nil
	}
	excluded := false
	for end := 0; end < len(folder) && !excluded; {
		next := strings.IndexByte(folder[end:], '/')
		if next < 0 {
			next = len(folder) - end
		}
		var err error
		if excluded, err = matchesAny(f.excludeDir, folder[:end+next]); err != nil {
			return false, err
		}
		end += next + 1
	}
	f.lastFolder.Store(&folderVerdict{folder, !excluded})
	return !excluded, nil
}
