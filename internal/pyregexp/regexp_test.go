package pyregexp

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestGolden(t *testing.T) {
	for _, g := range golden {
		re, err := Compile(g.pattern)
		if err != nil {
			t.Errorf("%q: %v", g.pattern, err)
			continue
		}
		for i, s := range append(append([]string{}, g.yes...), g.no...) {
			want := i < len(g.yes)
			got, err := re.MatchStart(s)
			if err != nil || got != want {
				t.Errorf("%q on %q: %v, %v; want %v", g.pattern, s, got, err, want)
			}
			checkClaims(t, re, s, got)
		}
	}
}

func TestGoldenErrors(t *testing.T) {
	for _, p := range goldenErrors {
		if _, err := Compile(p); err == nil {
			t.Errorf("%q: compiled", p)
		} else if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), " at position ") {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func TestDocumentedRefusals(t *testing.T) {
	for _, p := range []string{`\N{DIGIT ONE}`, `(?ai)(a)\1`, `(?t)a`, strings.Repeat("(", 400) + strings.Repeat(")", 400)} {
		if _, err := Compile(p); err == nil {
			t.Errorf("%.20q: compiled", p)
		}
	}
}

func TestWhichEngine(t *testing.T) {
	for pattern, linear := range map[string]bool{
		`.*\.jpg$`: true, `(a|b)+?c`: true, `(?i)[^k]\w`: true, `(?a)\bx`: true, `(a$|b\Z)?`: true,
		`(?=a)a`: false, `(a)\1`: false, `a++`: false, `a$b`: false, `\B`: false, `a{2000}`: false,
	} {
		re, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := re.slow == nil; got != linear {
			t.Errorf("%q: linear is %v, want %v", pattern, got, linear)
		}
	}
}

func TestPrefix(t *testing.T) {
	for _, c := range []struct {
		pattern, prefix string
		exact           bool
	}{
		{``, "", true}, {`abc`, "abc", true}, {`^abc`, "abc", true}, {`\Aé/`, "é/", true}, {`(a)(?:bc)`, "abc", true},
		{`a^b`, "ab", false}, {`a(^b)`, "ab", false}, {`(^)a`, "a", true}, {`abc$`, "abc", false},
		{`test/TestEnvironment.img`, "test/TestEnvironment", false},
		{`ab*`, "a", false}, {`ab+c`, "ab", false}, {`a{2}b`, "a", false}, {`(ab){1}c`, "abc", false},
		{`abc|abd`, "ab", false}, {`a|b`, "", false}, {`é|è`, "", false}, {`x(?:é|ê)`, "x", false},
		{`(?i)abc`, "", false}, {`(?i)1/2`, "1/2", true}, {`(?i:a)b`, "", false}, {`a(?i:b)`, "a", false}, {`[a]b`, "ab", true},
		{`(?=x)abc`, "abc", false}, {`\babc`, "abc", false}, {`(?>ab)c`, "abc", false}, {`(a)\1`, "a", false},
		{`\ufffd`, "", false}, {`a\ufffd`, "a", false}, {`a\ud800b`, "a", false}, {`a\.b\/`, "a.b/", true},
	} {
		re, err := Compile(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if prefix, exact := re.Prefix(); prefix != c.prefix || exact != c.exact {
			t.Errorf("%q: %q, %v; want %q, %v", c.pattern, prefix, exact, c.prefix, c.exact)
		}
	}
}

func TestMatchesEverything(t *testing.T) {
	for _, p := range []string{
		``, `.`, `.*`, `.+`, `^.*`, `.?`, `(?s).`, `.*$`, `^.*$`, `^.+\Z`, `(.*)`, `(?:.)`, `^`, `a|.`, `a?`, `a*`, `.*?`, `.{1,}`,
		`[\s\S]`, `[^\n]*`, `[\w\W]+$`, `(?s:.*)\Z`, `.{0,3}`, `x?.y?`, `.*.*`, `(?x) . `, `(|a)b*`, `(?m)^.*$`,
	} {
		if re, err := Compile(p); err != nil || !re.MatchesEverything() {
			t.Errorf("%q should provably match everything (%v)", p, err)
		}
	}
	for _, p := range []string{
		`a`, `..`, `.$`, `$`, `\Z`, `[^/]`, `\w*\Z`, `.a?.`, `.*/`, `.{2,}`, `(?!x)`, `.*+.`, `\b`, `.^`, `.*a`, `.+.`, `[^/]*$`, `a*+`,
	} {
		if re, err := Compile(p); err != nil || re.MatchesEverything() {
			t.Errorf("%q does not provably match everything (%v)", p, err)
		}
	}
}

// TestRunawayIsStopped: a pattern that backtracks without end fails by name, in
// about the time that it is given.
func TestRunawayIsStopped(t *testing.T) {
	const pattern = `(?=(a+)+$)(a|a)*b`
	re, err := Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	re.slow.MatchTimeout = 50 * time.Millisecond
	re.required = ""
	_, err = re.MatchStart(strings.Repeat("a", 60) + "!")
	if err == nil || !strings.Contains(err.Error(), "was stopped") || !strings.Contains(err.Error(), `(a|a)*b`) {
		t.Errorf("error %v", err)
	}
}

func TestInvalidUTF8(t *testing.T) {
	for _, p := range []string{`.`, `[^a]`, `\W`, `(?=.)\ufffd`, `\ufffd`, `(?i)[^k]`} {
		re, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"\xff", "\xc3", "\xed\xa0\x80"} {
			if ok, err := re.MatchStart(s); !ok || err != nil {
				t.Errorf("%q on %q: %v, %v", p, s, ok, err)
			}
		}
	}
	re, err := Compile("a\xff")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := re.MatchStart("a\xff"); !ok || err != nil {
		t.Errorf("a byte that is not UTF-8 does not match itself: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	for _, p := range []string{`.*\.jpg`, `(?!x).*(a)\1`} {
		re, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 200 {
					if ok, err := re.MatchStart("aab/aa.jpg"); !ok || err != nil {
						t.Error(p, ok, err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	for _, p := range []string{`.`, `photos/2020`, `.*\.DS_Store`, `(.*\.DS_Store)|(.*\.Spotlight-V100)`} {
		re, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(200, func() { re.MatchStart("photos/2021/12/a/long/name/IMG_0001.jpg") }); n > 0 {
			t.Errorf("%q: %v allocations a match", p, n)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, g := range golden {
		f.Add(g.pattern, strings.Join(g.yes, ""))
	}
	for _, p := range goldenErrors {
		f.Add(p, "")
	}
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		re, err := Compile(pattern)
		if err != nil {
			if strings.Contains(err.Error(), "too much for the engine") {
				t.Errorf("%q: wrong syntax was written: %v", pattern, err)
			}
			return
		}
		if re.slow != nil {
			re.slow.MatchTimeout = 50 * time.Millisecond
		}
		ok, err := re.MatchStart(subject)
		if err == nil {
			checkClaims(t, re, subject, ok)
		}
	})
}

func BenchmarkMatchStart(b *testing.B) {
	for _, p := range []string{`.`, `.*\.DS_Store`, `(.*\.DS_Store)|(.*\.Spotlight-V100)`, `.*\.(jpe?g|png)$`, `\bphotos\b`, `(?!.*\.jpg$)`} {
		b.Run(p, func(b *testing.B) {
			re, err := Compile(p)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				re.MatchStart("photos/2021/12/a/long/name/IMG_0001.jpg")
			}
		})
	}
}
