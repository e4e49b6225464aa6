package localfs

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, c := range []struct {
		name          string
		unix, windows bool // allowed
	}{
		{"a", true, true},
		{"a/b.txt", true, true},
		{"é/😀", true, true},
		{"a b", true, true},
		{"...", true, false},
		{"..a", true, true},
		{long + "/" + long, true, true},
		{long + "x", false, false},
		{strings.Repeat("é", 200), false, true},
		{strings.Repeat("😀", 128), false, false}, // 256 UTF-16 units
		{"", false, false},
		{"/a", false, false},
		{"a/", false, false},
		{"a//b", false, false},
		{".", false, false},
		{"..", false, false},
		{"a/./b", false, false},
		{"a/../b", false, false},
		{"../a", false, false},
		{"a\x00b", false, false},
		{".b2sync-0123456789abcdef.part", false, false},
		{"d/.b2sync-0123456789abcdef.journal", false, false},
		{".b2sync-0123456789abcdef.part/x", true, true},
		{".b2sync-x.part", true, true},
		{"\xff", true, true},
		{"a\nb", true, false},
		{"a\x7f", true, true},
		{"c:x", true, false},
		{"c:/x", true, false},
		{"file:stream", true, false},
		{`a\b`, true, false},
		{`..\a`, true, false},
		{"a<b", true, false}, {"a>b", true, false}, {`a"b`, true, false}, {"a|b", true, false}, {"a?b", true, false}, {"a*b", true, false},
		{"a.", true, false}, {"a ", true, false}, {"a /b", true, false}, {"a./b", true, false}, {" a", true, true},
		{"con", true, false}, {"d/NUL", true, false}, {"aux.txt", true, false}, {"prn.tar.gz", true, false}, {"con .txt", true, false},
		{"CONIN$", true, false}, {"conout$", true, false},
		{"com1", true, false}, {"LPT9.x", true, false}, {"com0", true, false}, {"com²", true, false},
		{"com", true, true}, {"com10", true, true}, {"console", true, true}, {"nul1", true, true}, {"a.con", true, true},
	} {
		if err := checkName(c.name, checkUnixSegment); (err == nil) != c.unix {
			t.Errorf("Unix: %q: %v", c.name, err)
		}
		if err := checkName(c.name, checkWindowsSegment); (err == nil) != c.windows {
			t.Errorf("Windows: %q: %v", c.name, err)
		}
	}
	if err := CheckName("../x"); !errors.Is(err, ErrBadName) {
		t.Errorf("%v is not ErrBadName", err)
	}
}

func TestTempName(t *testing.T) {
	a, b := tempName("a"), tempName("b")
	if a == b || a != tempName("a") || !isTemp([]byte(a)) || len(a) != len(".b2sync-0123456789abcdef.part") {
		t.Errorf("%q, %q", a, b)
	}
}

func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"a", "../x", "CON.txt", "a:b", "é\xff", "a/ "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		unix, windows := checkName(name, checkUnixSegment), checkName(name, checkWindowsSegment)
		for segment := range strings.SplitSeq(name, "/") {
			bad := segment == "" || segment == "." || segment == ".."
			if bad && (unix == nil || windows == nil) {
				t.Errorf("%q is allowed", name)
			}
		}
		if windows == nil && strings.ContainsAny(name, ":\\\n") {
			t.Errorf("Windows allows %q", name)
		}
	})
}
