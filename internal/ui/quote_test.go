package ui

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestQuotedNames(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"a.txt", "a.txt"},
		{"d/c.txt", "d/c.txt"},
		{"A-z_0@%+=:,./", "A-z_0@%+=:,./"},
		{"", "''"},
		{"with space & 'q'", `'with space & '"'"'q'"'"''`},
		{"zażółć", "'zażółć'"},
		{"a~", "'a~'"},
		{"bell\a", `'bell\x07'`},
		{"\x1b[31mred", `'\x1b[31mred'`},
		{"new\nline", `'new\x0aline'`},
		{"c1 \u009b2J", `'c1 \x9b2J'`},
		{"del\x7f", `'del\x7f'`},
		{"bad\xff", `'bad\xff'`},
		{"para\u2029", `'para\u2029'`},
		{"emoji 👩‍👩‍👧", "'emoji 👩‍👩‍👧'"},
	} {
		if got := string(appendName(nil, c.name, true, true)); got != c.want {
			t.Errorf("%q quoted is %s, want %s", c.name, got, c.want)
		}
	}
}

// TestQuotedNamesShowControls has the reference's way with standard output that
// is no terminal.
func TestQuotedNamesShowControls(t *testing.T) {
	for name, want := range map[string]string{
		"c1 \u0085": `'c1 \x85'`, "del\x7f": `'del\x7f'`, "bell\a": `'bell\x07'`,
		"tab\tline\n": "'tab\tline\n'", "para\u2029": "'para\u2029'", "bad\xff": "'bad\xff'",
	} {
		if got := string(appendName(nil, name, false, true)); got != want {
			t.Errorf("%q quoted is %q, want %q", name, got, want)
		}
	}
}

func TestEscapedOnlyWhenAsked(t *testing.T) {
	const name = "\x1b[2Jx\xff"
	if got := string(appendName(nil, name, false, false)); got != name {
		t.Errorf("unescaped it is %q", got)
	}
	if got := string(appendName(nil, name, true, false)); got != `\x1b[2Jx\xff` {
		t.Errorf("escaped it is %q", got)
	}
}

// TestShellTakesQuotedNames lets a shell read what is printed.
func TestShellTakesQuotedNames(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell here")
	}
	var names []string
	rapid.Check(t, func(t *rapid.T) {
		name := strings.ReplaceAll(rapid.String().Draw(t, "name"), "\x00", "")
		names = append(names, name)
	})
	script := []byte("printf '%s\\0'")
	for _, name := range names {
		script = appendQuoted(append(script, ' '), name)
	}
	cmd := exec.Command(sh)
	cmd.Stdin = strings.NewReader(string(script))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	read := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(read) != len(names) {
		t.Fatalf("the shell read %d names of %d", len(read), len(names))
	}
	for i := range names {
		if read[i] != names[i] {
			t.Errorf("%q was read as %q", names[i], read[i])
		}
	}
}

func FuzzEscapedIsHarmless(f *testing.F) {
	for _, seed := range []string{"", "a", "\x1b]0;title\a", "\u009b", "\xff\xfe", "\u2028", "\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := escaped(s, true)
		if !utf8.ValidString(got) {
			t.Fatalf("%q became %q, which is not UTF-8", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) {
				t.Fatalf("%q became %q, which holds %U", s, got, r)
			}
		}
	})
}

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{
		"plain": "plain", "http://127.0.0.1:80": "http://127.0.0.1:80", "with space": "'with space'", "it's": `'it'"'"'s'`, "": "''", "$x": "'$x'",
	} {
		if got := ShellWord(word); got != want {
			t.Errorf("%q is %s, want %s", word, got, want)
		}
	}
}
