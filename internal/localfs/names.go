package localfs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"runtime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The names of our own temporary files: the prefix, 16 digits, an ending.
const (
	tempPrefix    = ".b2sync-"
	tempDigits    = 16
	tempPart      = ".part"    // a download that is not whole yet
	tempJournal   = ".journal" // what is there of it
	referenceTemp = ".b2.sync.tmp"
)

// tempName is the name of the temporary file beside a file: always the same,
// so that a later run finds it.
func tempName(base string) string {
	sum := sha256.Sum256([]byte(base))
	return tempPrefix + hex.EncodeToString(sum[:tempDigits/2]) + tempPart
}

// journalName is the name of a temporary file's journal.
func journalName(temp string) string { return strings.TrimSuffix(temp, tempPart) + tempJournal }

// isOwnTemp says whether a name is a temporary file's, ours or the
// reference's.
func isOwnTemp(base []byte) bool {
	return isTemp(base) || bytes.HasSuffix(base, []byte(referenceTemp))
}

// isTemp says whether a name is that of a temporary file of this package.
func isTemp(base []byte) bool {
	rest, ok := bytes.CutPrefix(base, []byte(tempPrefix))
	if !ok || len(rest) < tempDigits {
		return false
	}
	for _, c := range rest[:tempDigits] {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	ending := string(rest[tempDigits:])
	return ending == tempPart || ending == tempJournal
}

// CheckName says why a file of that relative name cannot be made on this
// system, or nil. The error wraps ErrBadName. A file system may have rules of
// its own that show only when the file is made.
func CheckName(name string) error {
	check := checkUnixSegment
	if runtime.GOOS == "windows" {
		check = checkWindowsSegment
	}
	if err := checkName(name, check); err != nil {
		return fmt.Errorf("%w: %w", ErrBadName, err)
	}
	return nil
}

// nameError is a reason.
type nameError string

func (e nameError) Error() string { return string(e) }

// checkName holds the rules that hold everywhere, and those of check for each
// part of the name.
func checkName(name string, check func(segment string) error) error {
	switch {
	case name == "":
		return nameError("it is empty")
	case name[0] == '/':
		return nameError("it begins with a slash")
	case strings.IndexByte(name, 0) >= 0:
		return nameError("it contains a zero byte")
	case isTemp([]byte(path.Base(name))):
		return nameError("names like this are kept for unfinished downloads")
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch segment {
		case "":
			return nameError("it has an empty part between slashes")
		case ".", "..":
			return nameError(`it has "` + segment + `" as a part`)
		}
		if err := check(segment); err != nil {
			return err
		}
	}
	return nil
}

func checkUnixSegment(segment string) error {
	if len(segment) > 255 {
		return nameError("a part of it is longer than 255 bytes")
	}
	return nil
}

// checkWindowsSegment takes a part that is not empty.
func checkWindowsSegment(segment string) error {
	if i := strings.IndexFunc(segment, forbiddenOnWindows); i >= 0 {
		return nameError(fmt.Sprintf("Windows does not allow the character %q", segment[i]))
	}
	switch segment[len(segment)-1] {
	case '.', ' ':
		return nameError("Windows does not allow a dot or a space at the end")
	}
	if len(utf16.Encode([]rune(segment))) > 255 {
		return nameError("a part of it is longer than 255 characters")
	}
	if base, _, _ := strings.Cut(segment, "."); isWindowsDevice(strings.TrimRight(base, " ")) {
		return nameError("Windows keeps the name " + base + " for a device")
	}
	return nil
}

// forbiddenOnWindows covers drive letters and streams with its colon.
func forbiddenOnWindows(r rune) bool {
	return r < ' ' || strings.ContainsRune(`<>:"|?*\`, r)
}

// isWindowsDevice knows the names that Windows takes for devices, whatever
// ending follows.
func isWindowsDevice(base string) bool {
	base = strings.ToUpper(base)
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, kind := range []string{"COM", "LPT"} {
		if number, ok := strings.CutPrefix(base, kind); ok {
			return utf8.RuneCountInString(number) == 1 && strings.Contains("0123456789¹²³", number)
		}
	}
	return false
}
