package b2

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bowline-sync/bowline/internal/wire"
)

// CheckUploadName reports whether Upload makes a file of this name. It refuses,
// with ErrName, what the service refuses or may refuse, and what other
// tools cannot read back as a path: names that are empty, longer than 1,024
// bytes or not UTF-8, control characters, a backslash, a leading slash, two
// slashes in a row, and a trailing slash, which only an empty folder marker may
// have (see UploadRequest).
//
// Listing, downloading, hiding and deleting take any name, and Copy what the
// service is sure to take.
func CheckUploadName(name string) error { return checkName(name, false) }

func checkName(name string, marker bool) error {
	bad := func(why string) error { return fmt.Errorf("%w: %q %s", ErrName, name, why) }
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrName)
	case len(name) > wire.MaxFileName:
		return fmt.Errorf("%w: it has %d bytes, more than %d: %.60q", ErrName, len(name), wire.MaxFileName, name)
	case !utf8.ValidString(name):
		return bad("is not UTF-8")
	case strings.HasPrefix(name, "/"):
		return bad("begins with a slash")
	case strings.HasSuffix(name, "/") && !marker:
		return bad("ends with a slash")
	case strings.Contains(name, "//"):
		return bad("has two slashes in a row")
	case strings.Contains(name, `\`):
		return bad("has a backslash")
	}
	for i := range len(name) {
		if name[i] < 0x20 || name[i] == 0x7F {
			return bad("has a control character")
		}
	}
	return nil
}
