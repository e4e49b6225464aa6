package b2sync

import (
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func mustFilter(t interface {
	Helper()
	Fatalf(string, ...any)
}, spec FilterSpec) *NameFilter {
	t.Helper()
	f, err := NewNameFilter(spec)
	if err != nil {
		t.Fatalf("%+v: %v", spec, err)
	}
	return f
}

func keeps(t testing.TB, f *NameFilter, name string) bool {
	t.Helper()
	keep, err := f.Keep(name)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	return keep
}

func TestFilterByRegex(t *testing.T) {
	for _, c := range []struct {
		name    string
		spec    FilterSpec
		kept    []string
		removed []string
	}{
		{"nothing asked", FilterSpec{}, []string{"a", "a/b", "\n"}, nil},
		{"exclude", FilterSpec{ExcludeRegex: []string{`.*\.bak$`, `tmp`}},
			[]string{"a", "a.bak2", "x/tmp"}, []string{"a.bak", "d/a.bak", "tmp", "tmpfile", "tmp/a"}},
		{"include rescues", FilterSpec{ExcludeRegex: []string{`.*\.bak$`}, IncludeRegex: []string{`keep/`, `.*2\.bak`}},
			[]string{"keep/a.bak", "2.bak", "a"}, []string{"a.bak", "x/keep/a.bak"}},
		{"one out of all", FilterSpec{ExcludeRegex: []string{`.`}, IncludeRegex: []string{`test/X`}},
			[]string{"test/X", "test/X2", "test/X/y"}, []string{"a", "test/Y", "x/test/X"}},
		{"a folder and all below it", FilterSpec{ExcludeDirRegex: []string{`photos$`}},
			[]string{"photos", "photos.txt", "photos2/a", "x/photos/a"}, []string{"photos/a", "photos/b/c"}},
		{"a folder by its start", FilterSpec{ExcludeDirRegex: []string{`photos`}},
			[]string{"photos", "photos.txt", "x/photos/a"}, []string{"photos/a", "photos2/a"}},
		{"a folder below", FilterSpec{ExcludeDirRegex: []string{`(.*/)?node_modules$`}},
			[]string{"node_modules", "x/node_modules2/a"}, []string{"node_modules/a", "x/y/node_modules/z/a"}},
		{"includes do not rescue from folders", FilterSpec{ExcludeDirRegex: []string{`a$`}, ExcludeRegex: []string{`.`}, IncludeRegex: []string{`.*\.txt`}},
			[]string{"b/x.txt"}, []string{"a/x.txt", "b/x"}},
		{"the root is no folder", FilterSpec{ExcludeDirRegex: []string{`.*`}}, []string{"a"}, []string{"a/b"}},
		{"look-around", FilterSpec{ExcludeRegex: []string{`(?!.*\.jpg$)`}}, []string{"a.jpg", "d/b.jpg"}, []string{"a.png"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := mustFilter(t, c.spec)
			for _, name := range c.kept {
				if !keeps(t, f, name) {
					t.Errorf("%q is left out", name)
				}
			}
			for _, name := range c.removed {
				if keeps(t, f, name) {
					t.Errorf("%q is kept", name)
				}
			}
		})
	}
}

func TestFilterErrors(t *testing.T) {
	for _, c := range []struct {
		spec FilterSpec
		want string
	}{
		{FilterSpec{IncludeRegex: []string{"a"}}, "include_file_regexes cannot be used without exclude_file_regexes at the same time"},
		{FilterSpec{ExcludeRegex: []string{"("}}, `exclude_file_regexes wrong regex was given for excluding files: "(": missing ), unterminated subpattern at position 0`},
		{FilterSpec{ExcludeRegex: []string{"a"}, IncludeRegex: []string{"b", "*"}}, `include_file_regexes wrong regex was given for including files: "*": nothing to repeat at position 0`},
		{FilterSpec{ExcludeDirRegex: []string{"[a"}}, `exclude_dir_regexes wrong regex was given for excluding directories: "[a": unterminated character set at position 0`},
		{FilterSpec{Rules: []Rule{{Pattern: "a[", Where: "f:3"}}}, `f:3: bad pattern "a[": a [ is not closed`},
	} {
		if _, err := NewNameFilter(c.spec); err == nil || err.Error() != c.want {
			t.Errorf("%+v:\n%v, want\n%s", c.spec, err, c.want)
		}
	}
}

// TestFilterFamilies: a name must pass each family that is given.
func TestFilterFamilies(t *testing.T) {
	f := mustFilter(t, FilterSpec{
		ExcludeRegex: []string{`.*secret`},
		Globs:        []Glob{{Include: false, Pattern: "*.tmp"}},
		Rules:        []Rule{{Include: true, Pattern: "/a/**"}, {Pattern: "*"}},
	})
	for name, want := range map[string]bool{"a/x": true, "a/secret": false, "a/x.tmp": false, "b/x": false} {
		if got := keeps(t, f, name); got != want {
			t.Errorf("%q: kept is %v, want %v", name, got, want)
		}
	}
}

func TestNarrow(t *testing.T) {
	all := []string{`.`}
	for _, c := range []struct {
		name string
		spec FilterSpec
		want []string
		ok   bool
	}{
		{"nothing asked", FilterSpec{}, nil, false},
		{"the usual way", FilterSpec{ExcludeRegex: all, IncludeRegex: []string{`test/TestEnvironment.img`}}, []string{"test/TestEnvironment"}, true},
		{"several", FilterSpec{ExcludeRegex: []string{`x`, `.*`}, IncludeRegex: []string{`b/`, `a`, `b/c`, `a`}}, []string{"a", "b/"}, true},
		{"no include", FilterSpec{ExcludeRegex: all}, nil, true},
		{"an include without a start", FilterSpec{ExcludeRegex: all, IncludeRegex: []string{`a`, `.*b`}}, nil, false},
		{"case is ignored", FilterSpec{ExcludeRegex: all, IncludeRegex: []string{`(?i)abc`}}, nil, false},
		{"not all is excluded", FilterSpec{ExcludeRegex: []string{`.*/`}, IncludeRegex: []string{`a`}}, nil, false},
		{"globs", FilterSpec{Globs: []Glob{{true, "x*"}, {false, "*"}, {true, "a/*.jpg"}, {false, "a/b*"}}}, []string{"a/"}, true},
		{"include globs alone", FilterSpec{Globs: []Glob{{true, "a/?"}, {true, "b"}}}, []string{"a/", "b"}, true},
		{"exclude globs alone", FilterSpec{Globs: []Glob{{false, "a/?"}}}, nil, false},
		{"rules", FilterSpec{Rules: []Rule{{Pattern: "*.tmp"}, {Include: true, Pattern: "/a/b*"}, {Pattern: "*"}, {Include: true, Pattern: "z"}}}, []string{"a/b"}, true},
		{"a rule without an anchor", FilterSpec{Rules: []Rule{{Include: true, Pattern: "a/b"}, {Pattern: "*"}}}, nil, false},
		{"two families", FilterSpec{ExcludeRegex: all, IncludeRegex: []string{`a/b`, `c`}, Globs: []Glob{{true, "a/*"}, {true, "c/d*"}}}, []string{"a/b", "c/d"}, true},
		{"two families apart", FilterSpec{ExcludeRegex: all, IncludeRegex: []string{`a`}, Globs: []Glob{{true, "b*"}}}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := mustFilter(t, c.spec).Narrow()
			if ok != c.ok || strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("%q, %v; want %q, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestEnter(t *testing.T) {
	narrow := mustFilter(t, FilterSpec{ExcludeRegex: []string{`.`}, IncludeRegex: []string{`test/Test`, `b`}})
	dirs := mustFilter(t, FilterSpec{ExcludeDirRegex: []string{`a/b$`, `tmp`}})
	globs := mustFilter(t, FilterSpec{Globs: []Glob{{false, "a/*"}, {true, "a/b/c/*"}, {false, "z/?"}}})
	rules := mustFilter(t, FilterSpec{Rules: []Rule{{Include: true, Pattern: "/dir/keep/**"}, {Pattern: "/dir/"}, {Pattern: "cache/**"}, {Pattern: "one/*"}}})
	for _, c := range []struct {
		f      *NameFilter
		folder string
		want   bool
	}{
		{nil, "a", true}, {narrow, "", true},
		{narrow, "test", true}, {narrow, "test/TestX/deep", true}, {narrow, "tes", false}, {narrow, "test/a", false}, {narrow, "bc/d", true},
		{dirs, "a", true}, {dirs, "a/b", false}, {dirs, "a/b/c", false}, {dirs, "a/bc", true}, {dirs, "tmp2/x", false},
		{globs, "a", true}, {globs, "a/b", true}, {globs, "a/x", false}, {globs, "a/b/c/d", true}, {globs, "z", true},
		{rules, "dir", true}, {rules, "dir/keep", true}, {rules, "dir/x", false}, {rules, "x/cache", false}, {rules, "x/one", true},
	} {
		got, err := c.f.Enter(c.folder)
		if err != nil || got != c.want || c.f.EnterCould(c.folder) != c.want {
			t.Errorf("%q: %v, %v; want %v", c.folder, got, err, c.want)
		}
	}
}

// drawSpec draws a filter of any kinds of rules over a small world of names.
func drawSpec(t *rapid.T) FilterSpec {
	list := func(label string, from ...string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(from), 0, 2).Draw(t, label)
	}
	var spec FilterSpec
	spec.ExcludeRegex = list("exclude", `.`, `.*`, `.+$`, `a`, `a/`, `.*b$`, `(?s).`, `[^a]`, ``, `(?=.)`, `\w`)
	if len(spec.ExcludeRegex) > 0 {
		spec.IncludeRegex = list("include", `a`, `a/b`, `b|a`, `(a|b)/`, `a.*b`, `a+/`, `(?i)a`, `^a/b$`, `b(?=/)`, `a\n`)
	}
	spec.ExcludeDirRegex = list("folders", `a$`, `a/b`, `b`, `.*/a$`, `.*`)
	patterns := []string{"*", "a*", "a/*", "b", "a/b*", "?", "[ab]/*", "**", "/a/**", "/a/b", "a/", "/b/", "/{a,b}/**", "/a/{{b.*}}", "a**", "\na"}
	for range rapid.IntRange(0, 3).Draw(t, "globs") {
		spec.Globs = append(spec.Globs, Glob{rapid.Bool().Draw(t, "include glob"), rapid.SampledFrom(patterns).Draw(t, "glob")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "rules") {
		spec.Rules = append(spec.Rules, Rule{Include: rapid.Bool().Draw(t, "include rule"), Pattern: rapid.SampledFrom(patterns).Draw(t, "rule")})
	}
	return spec
}

var drawName = rapid.StringOfN(rapid.SampledFrom([]rune("aab//B\né")), 1, 7, -1)

// TestNarrowIsProven: whatever is kept begins with a prefix of Narrow, and lies
// only below folders that are entered.
func TestNarrowIsProven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := mustFilter(t, drawSpec(t))
		prefixes, ok := f.Narrow()
		for _, name := range rapid.SliceOfN(drawName, 1, 20).Draw(t, "names") {
			keep, err := f.Keep(name)
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			if !keep {
				continue
			}
			found := !ok
			for _, p := range prefixes {
				found = found || strings.HasPrefix(name, p)
			}
			if !found {
				t.Fatalf("%q is kept, but begins with none of %q", name, prefixes)
			}
			for i := range len(name) {
				if name[i] == '/' && !f.EnterCould(name[:i]) {
					t.Fatalf("%q is kept, but %q is not entered", name, name[:i])
				}
			}
		}
	})
}

// TestNarrowLosesNothing: what Narrow leaves out would be left out without it,
// for all names that a bucket can hold.
func TestNarrowLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		f, plain := mustFilter(t, spec), mustFilter(t, spec)
		if f == nil {
			return
		}
		plain.narrow = false
		for _, name := range rapid.SliceOfN(drawName, 1, 20).Draw(t, "names") {
			if strings.Contains(name, "\n") {
				continue
			}
			with, _ := f.Keep(name)
			without, _ := plain.Keep(name)
			if with != without {
				t.Fatalf("%q: %v with Narrow, %v without", name, with, without)
			}
		}
	})
}

func TestFilterConcurrentUse(t *testing.T) {
	f := mustFilter(t, FilterSpec{ExcludeDirRegex: []string{`.*x$`}})
	var wg sync.WaitGroup
	for _, folder := range []string{"a", "x", "a/x/b", "b"} {
		wg.Go(func() {
			want := !strings.Contains(folder, "x")
			for range 500 {
				if got, err := f.Keep(folder + "/f"); got != want || err != nil {
					t.Errorf("%s: %v, %v", folder, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestKeepDoesNotAllocate(t *testing.T) {
	for _, spec := range []FilterSpec{
		{ExcludeRegex: []string{`(.*\.DS_Store)|(.*\.Spotlight-V100)`}},
		{ExcludeRegex: []string{`.`}, IncludeRegex: []string{`photos/2020`}},
		{ExcludeDirRegex: []string{`.*/cache$`}},
		{Globs: []Glob{{false, "*.tmp"}}, Rules: []Rule{{Pattern: "*.bak"}}},
	} {
		f := mustFilter(t, spec)
		if n := testing.AllocsPerRun(100, func() { f.Keep("photos/2021/12/IMG_0001.jpg") }); n > 0 {
			t.Errorf("%+v: %v allocations a name", spec, n)
		}
	}
}

func BenchmarkKeep(b *testing.B) {
	f, err := NewNameFilter(FilterSpec{
		ExcludeRegex:    []string{`(.*\.DS_Store)|(.*\.Spotlight-V100)`},
		ExcludeDirRegex: []string{`.*/cache$`},
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Keep("photos/2021/12/IMG_0001.jpg")
	}
}

func TestFilterFolders(t *testing.T) {
	f := mustFilter(t, FilterSpec{Folders: []string{"z/own", "a"}, Globs: []Glob{{Include: true, Pattern: "**"}}})
	for name, want := range map[string]bool{"a/x": false, "a": true, "ab/x": true, "z/own/x/y": false, "z/owner": true, "z/x": true} {
		if got, err := f.Keep(name); got != want || err != nil {
			t.Errorf("Keep(%q) = %v, %v", name, got, err)
		}
	}
	for folder, want := range map[string]bool{"a": false, "ab": true, "z": true, "z/own": false, "z/own/x": false, "z/owner": true} {
		if got, err := f.Enter(folder); got != want || err != nil {
			t.Errorf("Enter(%q) = %v, %v", folder, got, err)
		}
	}
}
