package wire

import "testing"

// FuzzUnescape: what can be decoded is the same after a round trip, and what
// Escape makes is printable ASCII.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"", "a b", "%41", "%", "%4", "%zz", "+", "%2B", "%00", "\xff", "%ff", "a/b//c", "caf%C3%A9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, err := Unescape(s)
		if err != nil {
			return
		}
		again := Escape(plain)
		for i := range len(again) {
			if again[i] <= ' ' || again[i] > '~' {
				t.Fatalf("Escape(%q) has the byte %#x", plain, again[i])
			}
		}
		if back, err := Unescape(again); err != nil || back != plain {
			t.Errorf("%q became %q, then %q, %v", plain, again, back, err)
		}
	})
}
