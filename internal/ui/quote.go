package ui

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// appendName appends name as an action line shows it: quoted as a POSIX shell
// would need it if quote is set, control characters escaped if escape is set.
// In quoted names the reference shows most control characters as \x1b even where
// nothing else is escaped.
func appendName(dst []byte, name string, escape, quote bool) []byte {
	switch {
	case !quote:
		return appendEscaped(dst, name, escape)
	case escape:
		return appendQuoted(dst, escaped(name, true))
	}
	return appendQuoted(dst, shown(name))
}

// shown is s with the control characters escaped that no line breaks or tabs
// are made of.
func shown(s string) string {
	unprintable := func(r rune) bool { return isControl(r) && (r < '\t' || r > '\r') }
	if isCalm(s) || strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if unprintable(r) {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// Escaped is s so that it can do nothing to a terminal: control characters,
// line breaks and bytes that are not UTF-8 are shown as \x1b and the like.
func Escaped(s string) string { return escaped(s, true) }

// escaped is s with its control characters escaped, if escape is set.
func escaped(s string, escape bool) string {
	if !escape || isCalm(s) {
		return s
	}
	return string(appendEscaped(nil, s, true))
}

// isCalm reports that s is made of printable ASCII only, as most names are.
func isCalm(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendEscaped appends s as [Escaped] shows it, in the reference's notation,
// if escape is set.
func appendEscaped(dst []byte, s string, escape bool) []byte {
	if !escape || isCalm(s) {
		return append(dst, s...)
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = fmt.Appendf(dst, `\x%02x`, s[i])
		case isControl(r):
			dst = fmt.Appendf(dst, `\x%02x`, r)
		case r == '\u2028' || r == '\u2029':
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = append(dst, s[i:i+size]...)
		}
		i += size
	}
	return dst
}

// isControl reports the C0 and C1 controls and DEL.
func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f }

// ShellWord is s as a POSIX shell reads it as one word.
func ShellWord(s string) string { return string(appendQuoted(nil, s)) }

// appendQuoted quotes s as Python's shlex.quote does, because the reference's
// lines are made with it: a name with any byte that a shell might take
// differently goes into single quotes.
func appendQuoted(dst []byte, s string) []byte {
	if s != "" && isShellSafe(s) {
		return append(dst, s...)
	}
	dst = append(dst, '\'')
	for i := range len(s) {
		if s[i] == '\'' {
			dst = append(dst, `'"'"'`...)
		} else {
			dst = append(dst, s[i])
		}
	}
	return append(dst, '\'')
}

// shellSafe holds the bytes that need no quotes: letters, digits and
// @ % + = : , . / _ -
var shellSafe = func() (safe [256]bool) {
	const bytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"
	for i := range len(bytes) {
		safe[bytes[i]] = true
	}
	return safe
}()

func isShellSafe(s string) bool {
	for i := range len(s) {
		if !shellSafe[s[i]] {
			return false
		}
	}
	return true
}
