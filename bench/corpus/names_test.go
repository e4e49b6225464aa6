package corpus

import (
	"sort"
	"testing"
)

func TestNamesSortAsNumbers(t *testing.T) {
	for _, i := range []int{0, 1, 99, 100, 4_999, 5_000, 999_999, 1_000_000, 9_999_998} {
		if a, b := Name(i), Name(i+1); a >= b {
			t.Errorf("name %d %q does not sort before the next, %q", i, a, b)
		}
	}
}

func TestSeekAgreesWithASearchOfTheNames(t *testing.T) {
	const n = 12_345
	names := make([]string, n)
	for i := range names {
		names[i] = Name(i)
	}
	for _, start := range []string{
		"", "m", "m00/", "m00/p00001", "m00/p00001/", "m00/p000010", "m00/p00001/d0000050/file-00005000.bin",
		"m00/p00001/d0000050/file-00005000.bin\x00", "m00/p00002/d0000123/file-00012344.bin", "m01", "z", "\xff",
	} {
		if got, want := Seek(n, start), sort.SearchStrings(names, start); got != want {
			t.Errorf("Seek(%q) = %d, want %d", start, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for _, c := range []struct {
		prefix     string
		first, end int
	}{
		{"", 0, 12_345},
		{"m00/", 0, 12_345},
		{"m00/p00001/", 5_000, 10_000},
		{"m00/p00002/d0000123/", 12_300, 12_345},
		{"m00/p00001/d0000050/file-00005007.bin", 5_007, 5_008},
		{"m01/", 12_345, 12_345},
		{"\xff", 12_345, 12_345},
	} {
		if first, end := Span(12_345, c.prefix); first != c.first || end != c.end {
			t.Errorf("Span(%q) = %d, %d, want %d, %d", c.prefix, first, end, c.first, c.end)
		}
	}
}
