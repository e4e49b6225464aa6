package pyregexp

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// oracleProgram answers one question a line: which subjects does a pattern
// match, or what is wrong with it?
const oracleProgram = `
import json, re, sys, warnings
warnings.simplefilter("ignore")
for line in sys.stdin:
    q = json.loads(line)
    try:
        c = re.compile(q["pattern"])
        a = {"matches": [c.match(s) is not None for s in q["subjects"]]}
    except Exception as e:
        a = {"error": type(e).__name__ + ": " + str(e)}
    print(json.dumps(a), flush=True)
`

// oracle is a running Python that knows the truth.
type oracle struct {
	in  *json.Encoder
	out *bufio.Reader
}

type answer struct {
	Error   string `json:"error"`
	Matches []bool `json:"matches"`
}

// newOracle starts Python 3.11, whose rules this package follows; later ones
// differ in details.
func newOracle(t *testing.T) *oracle {
	t.Helper()
	version, err := exec.Command("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").Output()
	if err != nil {
		t.Skip("python3 is not here to compare with; the table of golden cases stands alone")
	}
	if v := strings.TrimSpace(string(version)); v != "3.11" {
		t.Skipf("python3 is %s; the comparison needs 3.11", v)
	}
	cmd := exec.Command("python3", "-c", oracleProgram)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("python3: %v", err)
		}
	})
	return &oracle{json.NewEncoder(in), bufio.NewReader(out)}
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (o *oracle) ask(t fataler, pattern string, subjects []string) answer {
	t.Helper()
	if err := o.in.Encode(map[string]any{"pattern": pattern, "subjects": subjects}); err != nil {
		t.Fatalf("asking python3: %v", err)
	}
	line, err := o.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("python3 gave no answer to %q: %v", pattern, err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		t.Fatalf("python3 said %q: %v", line, err)
	}
	return a
}

// agree compares what this package and Python say of one pattern.
func agree(t fataler, o *oracle, pattern string, subjects []string) {
	t.Helper()
	want := o.ask(t, pattern, subjects)
	if strings.HasPrefix(want.Error, "SystemError") {
		return // a bug of that Python, in captures inside possessive repeats
	}
	re, err := Compile(pattern)
	if (err != nil) != (want.Error != "") {
		if err != nil && strings.Contains(err.Error(), "not supported") {
			return // documented
		}
		t.Fatalf("%q: error %v; python3 has %q", pattern, err, want.Error)
	}
	if err != nil {
		return
	}
	for i, s := range subjects {
		got, err := re.MatchStart(s)
		if err != nil {
			t.Fatalf("%q on %q: %v", pattern, s, err)
		}
		if got != want.Matches[i] {
			t.Fatalf("%q on %q: %v, python3 says %v", pattern, s, got, want.Matches[i])
		}
		checkClaims(t, re, s, got)
	}
}

// checkClaims holds what Prefix and MatchesEverything say against one match.
func checkClaims(t fataler, re *Regexp, s string, matched bool) {
	t.Helper()
	prefix, exact := re.Prefix()
	if matched && !strings.HasPrefix(s, prefix) {
		t.Fatalf("%q matches %q, which does not begin with %q", re, s, prefix)
	}
	if exact && matched != strings.HasPrefix(s, prefix) {
		t.Fatalf("%q on %q: %v, but it claims to be the literal %q", re, s, matched, prefix)
	}
	if re.MatchesEverything() && !matched && s != "" && !strings.Contains(s, "\n") {
		t.Fatalf("%q claims to match everything, but not %q", re, s)
	}
}

func TestGoldenIsPython(t *testing.T) {
	o := newOracle(t)
	for _, g := range golden {
		a := o.ask(t, g.pattern, append(append([]string{}, g.yes...), g.no...))
		if a.Error != "" {
			t.Errorf("%q: python3 refuses it: %s", g.pattern, a.Error)
			continue
		}
		for i, s := range append(append([]string{}, g.yes...), g.no...) {
			if a.Matches[i] != (i < len(g.yes)) {
				t.Errorf("%q on %q: python3 says %v", g.pattern, s, a.Matches[i])
			}
		}
	}
	for _, p := range goldenErrors {
		if a := o.ask(t, p, nil); a.Error == "" {
			t.Errorf("%q: python3 takes it", p)
		}
	}
}

// Subjects that random patterns meet.
var subjects = []string{
	"", "a", "b", "ab", "ba", "aa", "aab", "abab", "A", "aB", "a\n", "\n", "\na", "a b", "a.b", "a/b", "1", "a1b2", "-", "_", "]",
	"{1,2}", "a{", "é", "É", "aé", "\u212a", "k", "ſs", "İi", "σς", "\u00a0", "٣", "²", "aaaaab", "abc", "abcabc", " a", "#a", "^", "ab\ncd\n",
}

// TestRandomTexts throws fragments of syntax together, most of them wrong, so
// that errors are compared too.
func TestRandomTexts(t *testing.T) {
	o := newOracle(t)
	fragments := []string{
		"a", "b", "c", "A", "é", "k", "s", "1", "0", "(", ")", ")", ")", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?P<n>", "(?P=n)", "(?(1)", "(?(n)",
		"(?i)", "(?i:", "(?s:", "(?x:", "(?-i:", "(?m)", "(?a)", "(?ix-s:", "(?#", "*", "+", "?", "{2}", "{,1}", "{1,}", "{", "}", ",", "|", ".", "^", "$",
		"[", "]", "[^", "[ab]", "[^a]", "-", "[a-c]", "[]a]", "[\\w]", "[\\W\\d]", `\`, `\1`, `\2`, `\b`, `\B`, `\A`, `\Z`, `\w`, `\W`, `\d`, `\D`, `\s`, `\S`,
		`\n`, `\x61`, `\u0061`, `\141`, `\0`, `\.`, `\y`, " ", "#", "\n",
	}
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom(fragments), 1, 9).Draw(rt, "parts")
		agree(rt, o, strings.Join(parts, ""), subjects)
	})
}

// TestRandomPatterns builds well-formed patterns of everything that there is.
func TestRandomPatterns(t *testing.T) {
	o := newOracle(t)
	rapid.Check(t, func(rt *rapid.T) {
		g := generator{t: rt}
		flags := rapid.SampledFrom([]string{"", "", "", "(?i)", "(?m)", "(?s)", "(?x)", "(?a)", "(?im)"}).Draw(rt, "flags")
		agree(rt, o, flags+g.alternatives(3), subjects)
	})
}

// generator writes random patterns; it knows how many groups are closed.
type generator struct {
	t      *rapid.T
	groups int
	closed []int
}

func (g *generator) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(g.t, label)
}

func (g *generator) number(label string, least, most int) int {
	return rapid.IntRange(least, most).Draw(g.t, label)
}

func (g *generator) alternatives(depth int) string {
	branches := make([]string, g.number("branches", 1, 2))
	for i := range branches {
		branches[i] = g.sequence(depth)
	}
	return strings.Join(branches, "|")
}

func (g *generator) sequence(depth int) string {
	var b strings.Builder
	for range g.number("items", 0, 3) {
		b.WriteString(g.item(depth))
	}
	return b.String()
}

func (g *generator) item(depth int) string {
	atoms := []string{"a", "b", "A", "ab", "é", "k", "s", ".", `\w`, `\W`, `\d`, `\s`, "[ab]", "[^a]", "[a-cé]", `[^\w]`, `[\s\da]`, `\.`, "/", "1"}
	switch kind := g.number("kind", 0, 9); {
	case depth == 0 || kind < 4:
		return g.pick("atom", atoms...) + g.quantifier()
	case kind == 4:
		return g.pick("anchor", "^", "$", `\A`, `\Z`, `\b`, `\B`)
	case kind == 5:
		number := g.groups + 1
		g.groups++
		inner := g.alternatives(depth - 1)
		g.closed = append(g.closed, number)
		return "(" + inner + ")" + g.quantifier()
	case kind == 6:
		return g.pick("plain group", "(?:", "(?i:", "(?s:", "(?m:", "(?>", "(?a:", "(?-i:") + g.alternatives(depth-1) + ")" + g.quantifier()
	case kind == 7:
		return g.pick("look", "(?=", "(?!") + g.alternatives(depth-1) + ")"
	case kind == 8:
		return g.pick("look back", "(?<=", "(?<!") + g.pick("behind", "a", "b", "ab", "[ab]", "a|b", ".", "^", `\b`, "(?=a)", "ab|ba", "") + ")"
	case len(g.closed) == 0:
		return g.pick("atom", atoms...)
	case kind == 9 && g.number("conditional", 0, 1) == 1:
		return "(?(" + string(rune('0'+g.closed[len(g.closed)-1])) + ")" + g.sequence(depth-1) + "|" + g.sequence(depth-1) + ")"
	}
	return `\` + string(rune('0'+rapid.SampledFrom(g.closed).Draw(g.t, "reference")))
}

func (g *generator) quantifier() string {
	return g.pick("quantifier", "", "", "", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "*?", "+?", "??", "*+", "++", "?+", "{1,2}+")
}

// TestClassesAreUnicode compares \w, \d, \s and the case families with Python,
// for every character that its Unicode version knows.
func TestClassesAreUnicode(t *testing.T) {
	newOracle(t) // to skip where it must
	out, err := exec.Command("python3", "-c", `
import json, re, unicodedata
known = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
cased = [c for c in known if {chr(c).lower(), chr(c).upper(), chr(c).title()} != {chr(c)}]
text = "".join(map(chr, cased))
print(json.dumps({
    "known": known,
    "w": [c for c in known if re.match(r"\w", chr(c))],
    "d": [c for c in known if re.match(r"\d", chr(c))],
    "s": [c for c in known if re.match(r"\s", chr(c))],
    "cased": cased,
    "same": [[ord(x) for x in re.findall("(?i)" + re.escape(chr(c)), text)] for c in cased],
}))`).Output()
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Known, W, D, S, Cased []rune
		Same                  [][]rune
	}
	if err := json.Unmarshal(out, &truth); err != nil {
		t.Fatal(err)
	}
	for name, class := range map[string]struct {
		truth []rune
		set   runeSet
	}{`\w`: {truth.W, unicodeWord}, `\d`: {truth.D, unicodeDigit}, `\s`: {truth.S, unicodeSpace}} {
		in := map[rune]bool{}
		for _, c := range class.truth {
			in[c] = true
		}
		for _, c := range truth.Known {
			if class.set.contains(c) != in[c] {
				t.Errorf("%s on %U: python3 says %v", name, c, in[c])
			}
		}
	}
	for i, c := range truth.Cased {
		folded := newSet(runeRange{c, c}).fold()
		in := map[rune]bool{}
		for _, d := range truth.Same[i] {
			in[d] = true
		}
		for _, d := range truth.Cased {
			if folded.contains(d) != in[d] {
				t.Errorf("(?i)%U on %U: python3 says %v", c, d, in[d])
			}
		}
	}
}
