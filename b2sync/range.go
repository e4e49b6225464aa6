package b2sync

// A Range is a half-open interval of names, by their bytes: Lo and above,
// below Hi. An empty Hi has no end. A sync of a range is a complete little sync
// of its own, up to the gate.
type Range struct{ Lo, Hi string }

// prefixRange is the range of the names that begin with p.
func prefixRange(p string) Range { return Range{Lo: p, Hi: successor(p)} }

// prefix returns the prefix that r is the range of, or "" if it is none.
func (r Range) prefix() string {
	if r.Lo != "" && r.Hi == successor(r.Lo) {
		return r.Lo
	}
	return ""
}

// successor is the first name after all that begin with p; "" when there is
// none.
func successor(p string) string {
	b := []byte(p)
	for len(b) > 0 {
		if b[len(b)-1] != 0xff {
			b[len(b)-1]++
			return string(b)
		}
		b = b[:len(b)-1]
	}
	return ""
}

// ranges are where a run begins: everything, or only where the filter can keep
// a name at all.
func ranges(f *NameFilter) []Range {
	prefixes, narrow := f.Narrow()
	if !narrow {
		return []Range{{}}
	}
	rs := make([]Range, len(prefixes))
	for i, p := range prefixes {
		rs[i] = prefixRange(p)
	}
	return rs
}
