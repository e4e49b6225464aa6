package b2sync

import "testing"

func TestParseTimestamp(t *testing.T) {
	for s, want := range map[string]int64{
		"0":                  0,
		"1367900664":         1367900664000,
		"1367900664.152":     1367900664152,
		"1367900664.1529":    1367900664152,
		"1367900664.9999999": 1367900665000, // rounded to the microsecond first
		" 1367900664 ":       1367900664000,
		"1.367900664e9":      1367900664000,
		"1367900664152":      1367900664152, // milliseconds
		"1367900664152.9":    1367900664152,
		"1367900664152999":   1367900664152, // microseconds
		"100000000":          100000000000,
		"-1.5":               -1500,
		"-0.0001":            -1,
		"253402300799":       253402300799000,
		"253402300801":       253402300801, // above the year 9999: milliseconds
	} {
		if got, err := ParseTimestamp(s); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "x", "nan", "inf", "-inf", "0x10", "1_000", "12s", "1e30", "253402300800", "253402300800000000", "-62135596801", "2013-05-07"} {
		if got, err := ParseTimestamp(s); err == nil {
			t.Errorf("%q: %d", s, got)
		}
	}
}
