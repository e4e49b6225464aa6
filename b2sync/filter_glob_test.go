package b2sync

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"", []string{""}, []string{"a"}},
		{"abc", []string{"abc"}, []string{"ab", "abcd", "ABC"}},
		{"*", []string{"", "a", "a/b", "\n"}, nil},
		{"*.jpg", []string{".jpg", "a.jpg", "d/a.jpg"}, []string{"a.jpgx", "jpg"}},
		{"a*b*c", []string{"abc", "axbxxc", "abcbc"}, []string{"ab", "acb"}},
		{"?", []string{"a", "/", "é", "\n"}, []string{"", "ab"}},
		{"[a-c]x", []string{"ax", "cx"}, []string{"dx", "x"}},
		{"[!a-c]", []string{"d", "/"}, []string{"a", ""}},
		{"[]]", []string{"]"}, []string{"[", "[]]"}},
		{"[!]]", []string{"a"}, []string{"]"}},
		{"[a", []string{"[a"}, []string{"a"}},
		{"[", []string{"["}, nil},
		{"[!", []string{"[!"}, []string{"a"}},
		{"[a-]", []string{"a", "-"}, []string{"b"}},
		{"[-a]", []string{"a", "-"}, []string{"b"}},
		{"[c-a]", nil, []string{"a", "b", "c", "-"}},
		{"[!c-a]", []string{"a", "b"}, []string{""}},
		{"[a-c-e]", []string{"b", "-", "e"}, []string{"d"}},
		{`[\a]`, []string{`\`, "a"}, []string{"b"}},
		{`\*`, []string{`\`, `\a`}, []string{"*"}},
		{"[^a]", []string{"^", "a"}, []string{"b"}},
		{strings.Repeat("*a", 50), []string{strings.Repeat("a", 50)}, []string{strings.Repeat("a", 49), strings.Repeat("a", 5000) + "b"}},
	} {
		for _, name := range c.yes {
			if !parseGlob(c.pattern).MatchString(name) {
				t.Errorf("%q does not match %q", c.pattern, name)
			}
		}
		for _, name := range c.no {
			if parseGlob(c.pattern).MatchString(name) {
				t.Errorf("%q matches %q", c.pattern, name)
			}
		}
	}
}

func TestGlobOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		globs []Glob
		want  map[string]bool
	}{
		{"excludes alone", []Glob{{false, "*.tmp"}}, map[string]bool{"a": true, "a.tmp": false}},
		{"includes alone leave out the rest", []Glob{{true, "*.jpg"}, {true, "b"}}, map[string]bool{"a": false, "a.jpg": true, "b": true}},
		{"the last decides", []Glob{{false, "*"}, {true, "*.jpg"}, {false, "secret*"}}, map[string]bool{"a": false, "a.jpg": true, "secret.jpg": false}},
		{"an include that comes too early", []Glob{{true, "*.jpg"}, {false, "*"}}, map[string]bool{"a.jpg": false}},
		{"no match keeps", []Glob{{true, "*.jpg"}, {false, "x"}}, map[string]bool{"a.png": true, "x": false}},
	} {
		f := mustFilter(t, FilterSpec{Globs: c.globs})
		for name, want := range c.want {
			if got := keeps(t, f, name); got != want {
				t.Errorf("%s: %q: kept is %v, want %v", c.name, name, got, want)
			}
		}
	}
}

// TestGlobIsFnmatch compares random patterns with the function that the
// reference calls.
func TestGlobIsFnmatch(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not here to compare with; the table above stands alone")
	}
	type question struct {
		Pattern string   `json:"p"`
		Names   []string `json:"n"`
	}
	var questions []question
	letters := []rune("ab-]![*?^\\cé")
	rapid.Check(t, func(t *rapid.T) {
		questions = append(questions, question{
			rapid.StringOfN(rapid.SampledFrom(letters), 0, 8, -1).Draw(t, "pattern"),
			rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom(letters), 0, 4, -1), 1, 20).Draw(t, "names"),
		})
	})
	cmd := exec.Command("python3", "-c", `
import fnmatch, json, sys
print(json.dumps([[fnmatch.fnmatchcase(n, q["p"]) for n in q["n"]] for q in json.load(sys.stdin)]))`)
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers [][]bool
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	for i, q := range questions {
		for j, name := range q.Names {
			if got := parseGlob(q.Pattern).MatchString(name); got != answers[i][j] {
				t.Errorf("%q on %q: %v, python3 says %v", q.Pattern, name, got, answers[i][j])
			}
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("a*[!b-c]?", "axd/")
	f.Add("[", "[")
	f.Add("[]-a]", "\xff")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		rule := globRule(Glob{true, pattern})
		matched := rule.pattern.MatchString(name)
		if matched && !strings.HasPrefix(name, rule.prefix) {
			t.Errorf("%q matches %q, which does not begin with %q", pattern, name, rule.prefix)
		}
		if rule.all && !matched {
			t.Errorf("%q claims to match everything, but not %q", pattern, name)
		}
		if rule.open && matched && !rule.pattern.MatchString(name+"/x") {
			t.Errorf("%q matches %q and is open, but does not match what lies below", pattern, name)
		}
	})
}
