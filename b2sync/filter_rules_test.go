package b2sync

import (
	"strings"
	"testing"
)

// TestRulePatterns has the examples of rclone's documentation on filtering.
func TestRulePatterns(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"file.jpg", []string{"file.jpg", "directory/file.jpg"}, []string{"afile.jpg", "directory/afile.jpg"}},
		{"/file.jpg", []string{"file.jpg"}, []string{"afile.jpg", "directory/file.jpg"}},
		{"*.jpg", []string{"file.jpg", "dir/file.jpg"}, []string{"file.png", "dir/file.png"}},
		{"/*.jpg", []string{"file.jpg", "file2.jpg"}, []string{"file.png", "dir/file.jpg"}},
		{"*.{jpg,png}", []string{"file.jpg", "dir/file.png"}, []string{"file.gif", "dir/file.gif"}},
		{"dir/**", []string{"dir/anyfile", "subdir/dir/subsubdir/anyfile"}, []string{"file.png", "subdir/file.png"}},
		{"*.t?t", []string{"file.txt", "dir/file.tzt"}, []string{"file.qxt", "dir/file.png"}},
		{"*.[a-z]", []string{"file.a", "dir/file.b"}, []string{"file.0", "dir/file.1"}},
		{`*.\?\?\?`, []string{"file.???", "dir/file.???"}, []string{"file.abc", "dir/file.def"}},
		{`*.\d\d\d`, []string{"file.012", "dir/file.345"}, []string{"file.abc", "dir/file.def"}},
		{"*.{{jpe?g}}", []string{"file.jpeg", "dir/file.jpg"}, []string{"file.png", "dir/file.jpeeg"}},
		{`/{{.*\.jpe?g}}`, []string{"file.jpeg", "file.jpg"}, []string{"file.png"}},
		{"*.{{(?i)jpg}}", []string{"file.jpg", "file.JPG"}, []string{"file.png"}},
		{`{{start[^/]*end\.jpg}}`, []string{"startend.jpg", "d/start-end.jpg"}, []string{"start/end.jpg"}},
		{`{{start.*end\.jpg}}`, []string{"start/end.jpg"}, []string{"xstart/end.jpg"}},
		{`*\[{JP,KR,HK}\]*`, []string{"a[JP].zip", "[HK]"}, []string{"aJP", "a[US]"}},
		{"{A,B}/**", []string{"A/x", "B/y/z"}, []string{"C/x", "A"}},
		{"??[^[:punct:]]*", []string{"..a", "d/abc"}, []string{"ab-c", "ab"}},
		{"potato", []string{"potato"}, []string{"POTATO"}},

		{"potat[!oa]", []string{"potate"}, []string{"potato", "potata"}},
		{`[\]a]`, []string{"]", "a"}, []string{"b"}},
		{"a{b,c{d,e}}f", []string{"abf", "acdf", "acef"}, []string{"acf"}},
		{"a,b", []string{"a,b"}, []string{"a", "b"}},
		{"{{a{2}}}", []string{"aa"}, []string{"a", "a2"}},
		{"{{a|b}}c", []string{"ac", "bc"}, []string{"a"}},
		{"a.b+(c)|^$", []string{"a.b+(c)|^$"}, []string{"axb"}},
		{"**", []string{"a", "a/b", "\n"}, nil},
		{"/**", []string{"a", "a/b"}, nil},
		{"*", []string{"a", "a/b"}, nil},
		{"/a**z", []string{"az", "a/b/z"}, []string{"x/az"}},
		{"ü*", []string{"über", "d/ü"}, []string{"uber"}},
	} {
		rule, err := compileRule(Rule{Include: true, Pattern: c.pattern})
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		for _, name := range c.yes {
			if !rule.pattern.MatchString(name) {
				t.Errorf("%q does not match %q", c.pattern, name)
			}
		}
		for _, name := range c.no {
			if rule.pattern.MatchString(name) {
				t.Errorf("%q matches %q", c.pattern, name)
			}
		}
	}
}

// TestRuleFiles has the files of rclone's documentation on filtering.
func TestRuleFiles(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       map[string]bool
	}{
		{"first match wins", `
			# a sample filter rule file
			- secret*.jpg
			+ *.jpg
			+ *.png
			+ file2.avi
			- /dir/Trash/**
			+ /dir/**
			; exclude everything else
			- *`,
			map[string]bool{
				"a.jpg": true, "x/b.png": true, "secret17.jpg": false, "x/secret.jpg": false, "file2.avi": true, "file3.avi": false,
				"dir/a": true, "dir/b/c": true, "dir/Trash/a": false, "dir/Trash/a.png": true, "x/dir/a": false,
			}},
		{"folders", "- /dir1/\n- /dir2/\n+ *.pdf\n- **\n",
			map[string]bool{"dir1/a.pdf": false, "dir2/x/a.pdf": false, "a.pdf": true, "x/dir1/a.pdf": true, "a": false, "dir1": false}},
		{"clear", "+ *.jpg\n+ *.gif\n!\n+ 42.doc\n- *\n", map[string]bool{"42.doc": true, "a.jpg": false}},
		{"no match keeps", "- *.bak\r\n", map[string]bool{"a": true, "a.bak": false}},
		{"a folder rule includes no file", "+ /dir/\n- *\n", map[string]bool{"dir/a": false}},
		{"a comment at the end is part of the pattern", "- a # b\n", map[string]bool{"a": true, "a # b": false}},
		{"a byte order mark", "\ufeff- a\n", map[string]bool{"a": false}},
		{"no rules", "# nothing\n\n", map[string]bool{"a": true}},
	} {
		rules, err := ReadRules(nil, "rules.txt", strings.NewReader(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		f := mustFilter(t, FilterSpec{Rules: rules})
		for name, want := range c.want {
			if got := keeps(t, f, name); got != want {
				t.Errorf("%s: %q: kept is %v, want %v", c.name, name, got, want)
			}
		}
	}
}

func TestRuleFilesTogether(t *testing.T) {
	first, err := ReadRules(nil, "one", strings.NewReader("- a\n+ b\n"))
	if err != nil {
		t.Fatal(err)
	}
	both, err := ReadRules(first, "two", strings.NewReader("- c\n"))
	if err != nil || len(both) != 3 || both[2].Where != "two:1" {
		t.Errorf("%+v, %v", both, err)
	}
	cleared, err := ReadRules(first, "two", strings.NewReader("- c\n!\n- d\n"))
	if err != nil || len(cleared) != 1 || cleared[0].Pattern != "d" {
		t.Errorf("%+v, %v", cleared, err)
	}
	if len(first) != 2 || first[0].Pattern != "a" {
		t.Errorf("the rules read first have changed: %+v", first)
	}
}

func TestRuleFileErrors(t *testing.T) {
	for file, want := range map[string]string{
		"+ a\n\nb\n":    `rules.txt:3: a rule begins with "+ " or "- ", or is "!": "b"`,
		"+a\n":          `rules.txt:1: a rule begins`,
		"- a***b\n":     `rules.txt:1: bad pattern "a***b": more than two stars in a row`,
		"# x\n- ab]c\n": `rules.txt:2: bad pattern "ab]c": a ] has no [ before it`,
		"- ab[c\n":      `a [ is not closed`,
		"- ab{{cd\n":    `a {{ is not closed`,
		"- ab}c\n":      `a } has no { before it`,
		"- ab{c\n":      `a { is not closed`,
		"- ab{}}c\n":    `a } has no { before it`,
		"- [a--b]\n":    `bad set [a--b]`,
		"- {{a)(b}}\n":  `unexpected )`,
		"- a\\y\n":      `the escape \y means nothing`,
		"- a\\\n":       `the pattern ends in a backslash`,
		"- {{(?<!a)b}}": `bad pattern`,
		"- a/" + strings.Repeat("x", maxRuleLine): `rules.txt:1: `,
	} {
		_, err := ReadRules(nil, "rules.txt", strings.NewReader(file))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: %v, want %s", file, err, want)
		}
	}
}

func FuzzRules(f *testing.F) {
	f.Add("+ *.{jpg,png}\n- /dir/**\n!\n- [!a-z]*\n", "dir/a")
	f.Add("- {{a{2}}}\n+ \\d?\n", "aa")
	f.Add("- **/\n+ [[:alpha:]]\n", "a/b")
	f.Fuzz(func(t *testing.T, file, name string) {
		rules, err := ReadRules(nil, "f", strings.NewReader(file))
		if err != nil {
			return
		}
		filter, err := NewNameFilter(FilterSpec{Rules: rules})
		if err != nil {
			t.Fatalf("the rules were read, but not taken: %v", err)
		}
		keep, err := filter.Keep(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(name) {
			if name[i] == '/' && i > 0 && keep && !filter.EnterCould(name[:i]) {
				t.Errorf("%q is kept, but %q is not entered", name, name[:i])
			}
		}
	})
}
