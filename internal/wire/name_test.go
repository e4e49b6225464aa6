package wire

import (
	"errors"
	"strings"
	"testing"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a b+c": "a%20b%2Bc", "自由": "%E8%87%AA%E7%94%B1", "x/y=1.txt": "x/y=1.txt",
		// The sets of the API documentation, "String Encoding".
		"AZaz09!$'()*-./:;=@_~":    "AZaz09!$'()*-./:;=@_~",
		"\"#%&,<>?[\\]^`{|}\x7f":   "%22%23%25%26%2C%3C%3E%3F%5B%5C%5D%5E%60%7B%7C%7D%7F",
		"\x00\n\x80\xff":           "%00%0A%80%FF",
		"😀":                        "%F0%9F%98%80",
		"1767323000123":            "1767323000123",
		"a//../b/":                 "a//../b/",
		"%20":                      "%2520",
		"tab\tand\u00a0nbsp":       "tab%09and%C2%A0nbsp",
		"Content-Disposition: a;b": "Content-Disposition:%20a;b",
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
		if back, err := Unescape(Escape(in)); back != in || err != nil {
			t.Errorf("Unescape(Escape(%q)) = %q, %v", in, back, err)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"a+b": "a b", "a%2bb": "a+b", "a%2Bb": "a+b", "a%2Fb": "a/b", "%e8%87%aa": "自", "plain": "plain", "%00": "\x00",
		"a&b,c": "a&b,c", // what the TypeScript SDK leaves as it is
	} {
		if got, err := Unescape(in); got != want || err != nil {
			t.Errorf("Unescape(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"%", "a%2", "%zz", "%%41"} {
		if got, err := Unescape(in); err == nil {
			t.Errorf("Unescape(%q) = %q, want an error", in, got)
		}
	}
}

func TestCheckFileName(t *testing.T) {
	for _, name := range []string{"a", "/a", "a//b", "a/", `a\b`, "..", strings.Repeat("x", 1024), "ü😀", " "} {
		if err := CheckFileName(name); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	for _, name := range []string{"", strings.Repeat("x", 1025), "a\nb", "\x00", "a\x7f", "\xff", "a\xc3"} {
		if err := CheckFileName(name); !errors.Is(err, ErrFileName) {
			t.Errorf("%.20q: got %v, want ErrFileName", name, err)
		}
	}
}

// FuzzEscape holds the two directions against each other, and Escape against
// the documented set.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "a b+c", "自由", "%2F", "\xff\x00", "x/y=1.txt"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		escaped := Escape(s)
		if back, err := Unescape(escaped); back != s || err != nil {
			t.Fatalf("Unescape(Escape(%q)) = %q, %v", s, back, err)
		}
		const may = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!$'()*-./:;=@_~%"
		if i := strings.IndexFunc(escaped, func(r rune) bool { return !strings.ContainsRune(may, r) }); i >= 0 {
			t.Fatalf("Escape(%q) = %q has %q", s, escaped, escaped[i])
		}
		// Whatever Unescape takes is the same text after another round.
		if text, err := Unescape(s); err == nil {
			if back, err := Unescape(Escape(text)); back != text || err != nil {
				t.Fatalf("%q is read as %q, and that as %q, %v", s, text, back, err)
			}
		}
	})
}
