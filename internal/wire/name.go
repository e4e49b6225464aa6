package wire

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Escape percent-encodes s for the headers X-Bz-File-Name and X-Bz-Info-*, for
// the path of a download by name and for query values (the API documentation gives the
// set). A slash stays, a space becomes %20 and never a plus, because some
// clients do not decode a plus.
func Escape(s string) string {
	n := 0
	for i := range len(s) {
		if !unescaped(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; unescaped(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// unescaped says whether c may stand for itself in the service's encoding.
func unescaped(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!$'()*-./:;=@_~", c) >= 0
}

// Unescape is the inverse of Escape and accepts what every client emits: %XX in
// either case, and a plus for a space.
func Unescape(s string) (string, error) {
	return url.QueryUnescape(s)
}

// ErrFileName is the cause of every error of CheckFileName.
var ErrFileName = errors.New("not a B2 file name")

// CheckFileName reports whether the service stores a file under name: 1 to
// 1,024 bytes of UTF-8 without control characters. These are the firm rules
// only; clients refuse more (see package b2).
func CheckFileName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: File names must not be empty", ErrFileName)
	case len(name) > MaxFileName:
		return fmt.Errorf("%w: File names must not be longer than %d bytes", ErrFileName, MaxFileName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: File names must be UTF-8", ErrFileName)
	}
	for i := range len(name) {
		if name[i] < 32 {
			return fmt.Errorf("%w: File names must not contain unicode characters with codes less than 32", ErrFileName)
		}
		if name[i] == 127 {
			return fmt.Errorf("%w: File names must not contain DEL", ErrFileName)
		}
	}
	return nil
}
