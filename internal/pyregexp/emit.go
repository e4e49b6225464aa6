package pyregexp

import (
	"fmt"
	"strings"
)

// Both engines are given sets as explicit ranges, never their own \w or flag i,
// whose meanings differ from Python's. The syntax in this file is common to
// them.

// emitSet writes a set in brackets.
func emitSet(b *strings.Builder, s runeSet) {
	switch {
	case len(s) == 0:
		b.WriteString(`[^\x{0}-\x{10FFFF}]`)
	case same(s, unicodeWord):
		b.WriteString(`[\p{L}\p{N}_]`)
	case same(s, notUnicodeWord):
		b.WriteString(`[^\p{L}\p{N}_]`)
	case same(s, unicodeDigit):
		b.WriteString(`\p{Nd}`)
	default:
		b.WriteByte('[')
		for _, r := range s {
			emitRune(b, r.lo)
			if r.hi > r.lo {
				b.WriteByte('-')
				emitRune(b, r.hi)
			}
		}
		b.WriteByte(']')
	}
}

// same says whether two sets are one and the same, without comparing them.
func same(a, b runeSet) bool { return len(a) == len(b) && &a[0] == &b[0] }

// emitRune writes one character in a form without any special meaning.
func emitRune(b *strings.Builder, c rune) {
	if c < 0x80 && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
		b.WriteRune(c)
		return
	}
	fmt.Fprintf(b, `\x{%X}`, c)
}

// emitQuantifier writes {m,n} in its shortest form.
func emitQuantifier(b *strings.Builder, least, most int64) {
	switch {
	case least == 0 && most == 1:
		b.WriteByte('?')
	case least == 0 && most == unlimited:
		b.WriteByte('*')
	case least == 1 && most == unlimited:
		b.WriteByte('+')
	case least == most:
		fmt.Fprintf(b, "{%d}", least)
	case most == unlimited:
		fmt.Fprintf(b, "{%d,}", least)
	default:
		fmt.Fprintf(b, "{%d,%d}", least, most)
	}
}
