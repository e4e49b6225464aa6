package localfs

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Both ways of sorting a folder give the order of compareNames.
func TestSorting(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		prefix := rapid.StringOfN(rapid.RuneFrom([]rune("aé\U0001F600.")), 0, 12, -1).Draw(rt, "prefix")
		ends := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab-.0\x01ÿ")), 0, 10, -1), 0, 40).Draw(rt, "ends")
		var list listing
		var entries []entry
		for i, end := range ends {
			name := prefix + end
			entries = append(entries, entry{off: len(list.names), len: uint16(len(name)), folder: i%3 == 0})
			list.names += name
		}
		got := inOrder(nil, entries, list.rank(entries, nil))
		list.sort(entries)
		same := func(a, b entry) bool { return list.compare(&a, &b) == 0 }
		if !slices.EqualFunc(got, entries, same) || !slices.IsSortedFunc(got, func(a, b entry) int { return list.compare(&a, &b) }) {
			rt.Fatalf("%q: %v, want %v", list.names, got, entries)
		}
	})
}

func BenchmarkSorting(b *testing.B) {
	const names = 100
	for _, way := range []struct {
		name string
		sort func(*listing, []entry)
	}{
		{"ranks", func(l *listing, es []entry) { inOrder(make([]entry, 0, names), es, l.rank(es, make([]rank, 0, names))) }},
		{"entries", func(l *listing, es []entry) { l.sort(slices.Clone(es)) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			var list listing
			var entries []entry
			for i := range names { // in no order, as a folder lists them
				name := "file-00" + string(rune('0'+i*37%names/10)) + string(rune('0'+i*37%names%10)) + ".dat"
				entries = append(entries, entry{off: len(list.names), len: uint16(len(name))})
				list.names += name
			}
			for b.Loop() {
				way.sort(&list, entries)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/names, "ns/name")
		})
	}
}
