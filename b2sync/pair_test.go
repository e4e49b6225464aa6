package b2sync

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// stream yields entries by name, then err. A name with "!" in front is a hole,
// with "-" an exclusion; if it ends in "/", of the whole folder.
func stream(err error, names ...string) iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		var e entry // reused, as a scan does
		for _, name := range names {
			e = entry{name: strings.TrimLeft(name, "!-")}
			switch name[0] {
			case '!':
				e.kind = isHole
			case '-':
				e.kind = isExcluded
			}
			e.below = e.opaque() && strings.HasSuffix(e.name, "/")
			if !yield(&e, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// show tells a pair in a word: the name with < for the source, > for the
// destination, = for both, and what lies over it.
func show(p *pair) string {
	side := "="
	switch {
	case p.src == nil:
		side = ">"
	case p.dst == nil:
		side = "<"
	}
	s := side + p.name
	if p.srcCover != nil {
		s += " under " + p.srcCover.name
	}
	if p.dstCover != nil {
		s += " over " + p.dstCover.name
	}
	if p.srcBelow {
		s += " with names below"
	}
	return s
}

func collect(seq iter.Seq2[*pair, error]) (got []string, err error) {
	for p, e := range seq {
		if e != nil {
			return got, e
		}
		got = append(got, show(p))
	}
	return got, nil
}

func TestMerge(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name     string
		src, dst iter.Seq2[*entry, error]
		want     []string
		err      string
	}{
		{"both empty", stream(nil), stream(nil), nil, ""},
		{"only source", stream(nil, "a", "b"), stream(nil), []string{"<a", "<b"}, ""},
		{"only destination", stream(nil), stream(nil, "a", "b"), []string{">a", ">b"}, ""},
		{"interleaved", stream(nil, "a", "c", "d"), stream(nil, "b", "c", "e"), []string{"<a", ">b", "=c", "<d", ">e"}, ""},
		{"a folder sorts with its slash", stream(nil, "a-b", "a.txt", "a/b", "a0"), stream(nil, "a-b", "a/b", "a0"),
			[]string{"=a-b", "<a.txt", "=a/b", "=a0"}, ""},
		{"a hole covers its folder", stream(nil, "!d/", "e"), stream(nil, "d/x", "d/y/z", "d0", "e"),
			[]string{"<d/ under d/", ">d/x under d/", ">d/y/z under d/", ">d0", "=e"}, ""},
		{"a hole of a name covers nothing else", stream(nil, "!d"), stream(nil, "d", "d/x"), []string{"=d", ">d/x"}, ""},
		{"covers on both sides", stream(nil, "-d/"), stream(nil, "!d/e/"), []string{"<d/ under d/", ">d/e/ under d/ over d/e/"}, ""},
		{"names below a marker", stream(nil, "d/x"), stream(nil, "d/"), []string{">d/ with names below", "<d/x"}, ""},
		{"source breaks off", stream(broken, "a"), stream(nil, "a", "b"), []string{"=a"}, `listing the source broke off after "a": broken`},
		{"destination breaks off", stream(nil, "a", "b"), stream(broken, "a"), []string{"=a"}, `listing the destination broke off after "a": broken`},
		{"destination breaks off at the end", stream(nil), stream(broken, "a"), []string{">a"}, `listing the destination broke off after "a": broken`},
		{"source fails at once", stream(broken), stream(nil, "a"), nil, "listing the source failed: broken"},
		{"source out of order", stream(nil, "b", "a"), stream(nil), []string{"<b"}, `listing the source broke off after "b": listing out of order: the name "a"`},
		{"a name twice", stream(nil), stream(nil, "a", "a"), []string{">a"}, `listing the destination broke off after "a": listing out of order: the name "a"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(merge(tt.src, tt.dst))
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if fmt.Sprint(err) != tt.err && !(err == nil && tt.err == "") {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

// TestMergeFindsEveryName compares with sets, for random names.
func TestMergeFindsEveryName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.StringMatching(`[ab/.0]{1,4}`), rapid.ID[string])
		src, dst := names.Draw(t, "src"), names.Draw(t, "dst")
		slices.Sort(src)
		slices.Sort(dst)
		all := slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(src), dst...))))
		i := 0
		for p, err := range merge(stream(nil, src...), stream(nil, dst...)) {
			if err != nil {
				t.Fatal(err)
			}
			_, inSrc := slices.BinarySearch(src, all[i])
			_, inDst := slices.BinarySearch(dst, all[i])
			if p.name != all[i] || (p.src != nil) != inSrc || (p.dst != nil) != inDst {
				t.Fatalf("name %d is %s, want %q", i, show(p), all[i])
			}
			i++
		}
		if i != len(all) {
			t.Fatalf("%d names, want %d", i, len(all))
		}
	})
}

func TestFileShadow(t *testing.T) {
	var s fileShadow
	var under []string
	for _, name := range []string{"a", "a-", "a/b", "a/b/c", "a0", "b/c", "c", "c.d/e", "c/", "d"} {
		if s.over(&pair{name: name, src: &entry{name: name}}) {
			under = append(under, name)
		}
	}
	if want := []string{"a/b", "a/b/c", "c/"}; !slices.Equal(under, want) {
		t.Errorf("in the shadow: %q, want %q", under, want)
	}
}
