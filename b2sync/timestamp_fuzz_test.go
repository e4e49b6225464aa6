package b2sync

import "testing"

// FuzzParseTimestamp: a time is between the years 1 and 9999, or refused.
func FuzzParseTimestamp(f *testing.F) {
	for _, s := range []string{"", "0", "1367900664.152", "1367900664152", "1367900664152123", "-62135596800", "253402300800", "nan", "1e309", "0x10", "-0.0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, err := ParseTimestamp(s)
		if err == nil && (ms < minTimestamp*1000 || ms > maxTimestamp*1000) {
			t.Errorf("ParseTimestamp(%q) = %d", s, ms)
		}
	})
}
