package main

import (
	"testing"
)

// FuzzValues: amounts, rates, limits, numbers and times of the command line are
// read or refused, and what was read reads the same again.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"", "0", "10M", "1.5G", "-1", "1e400", "nan", "inf", "1_0", "0x1p-2", "5K:10K", ":", "1:2:3", "50%", "101%",
		"1367900664.152", "253402300800", "9223372036854775807T", " 7 ", "auto", "kib", "1KiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := parseBytes(s); err == nil && n < 0 {
			t.Errorf("parseBytes(%q) = %d", s, n)
		}
		for _, value := range []interface {
			Set(string) error
			String() string
		}{new(bandwidth), new(limit), new(number), new(numberOrAuto), new(decimal), new(timestamp)} {
			if value.Set(s) != nil {
				continue
			}
			text := value.String()
			if err := value.Set(text); text != "" && err != nil {
				t.Errorf("%T: %q reads as %q, which is refused: %v", value, s, text, err)
			} else if again := value.String(); again != text && !isTime(value) {
				t.Errorf("%T: %q reads as %q, then as %q", value, s, text, again)
			}
		}
		_, _ = parsePlace(s)
	})
}

// isTime: a time prints in milliseconds, and small numbers read as seconds.
func isTime(value any) bool {
	_, ok := value.(*timestamp)
	return ok
}
