package b2sync

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPrefixRange holds the range of a prefix against the prefix itself.
func TestPrefixRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', '/', 0xfe, 0xff}), 1, 4)
		p, name := string(bytes.Draw(t, "prefix")), string(bytes.Draw(t, "name"))
		r := prefixRange(p)
		within := name >= r.Lo && (r.Hi == "" || name < r.Hi)
		if within != strings.HasPrefix(name, p) {
			t.Fatalf("prefix %q, name %q: in the range %+v: %v", p, name, r, within)
		}
	})
	if got := prefixRange("test/x").prefix(); got != "test/x" {
		t.Errorf("the prefix of its range is %q", got)
	}
	if got := (Range{Lo: "a", Hi: "c"}).prefix(); got != "" {
		t.Errorf("a range of no prefix has %q", got)
	}
}
