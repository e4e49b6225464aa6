package b2

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Categories of errors, for errors.Is. Errors about what is missing also
// answer to fs.ErrNotExist, those about rights to fs.ErrPermission.
var (
	// ErrBucketNotFound is a bucket that does not exist or that the key does
	// not see.
	ErrBucketNotFound = errors.New("no such bucket")
	// ErrBucketExists is a bucket name that is in use, here or in another
	// account.
	ErrBucketExists = errors.New("bucket name is in use")
	// ErrCapExceeded is a cap that the account's owner has set: nothing of the
	// kind will succeed until it is raised or the day ends.
	ErrCapExceeded = errors.New("cap exceeded")
	// ErrUnauthorized is a key or a token that the service does not know, or
	// that has expired.
	ErrUnauthorized = errors.New("key refused")
	// ErrAlreadyHidden is a hide of a name that is hidden.
	ErrAlreadyHidden = errors.New("already hidden")
	// ErrConflict is a change that another one came before (ifRevisionIs).
	ErrConflict = errors.New("conflict")
	// ErrChecksum is content that is not what was announced, by hash or length.
	ErrChecksum = errors.New("content does not match")
	// ErrShortContent is an upload whose content ended before its size.
	ErrShortContent = errors.New("content is shorter than announced")
	// ErrName is a file name that CheckUploadName refuses.
	ErrName = errors.New("not a name for an upload")
	// ErrListOrder is a listing that is not in the order of the names' bytes.
	ErrListOrder = errors.New("listing out of order")
	// ErrStalled is a connection on which no byte moved for 30 seconds, or an
	// answer that did not come in its time.
	ErrStalled = errors.New("connection stalled")
	// ErrAnswer is an answer that is not what the API documents.
	ErrAnswer = errors.New("not an answer of the B2 API")
)

// A garbledError is an ErrAnswer that is not the service's own: no JSON, or
// content without a word about it. A proxy, a captive portal or a broken cache
// said it, so it counts as no answer: what was asked for may have been done.
type garbledError struct{ error }

func (e *garbledError) Unwrap() error { return e.error }

func garbled(err error) bool {
	_, ok := errors.AsType[*garbledError](err)
	return ok
}

// Error is what a call that failed came to: the service's answer, or why there
// was none.
type Error struct {
	Call       string        // such as b2_upload_file
	Status     int           // HTTP status; 0 when no answer came
	Code       string        // the service's identifier, such as bad_bucket_id
	Message    string        // the service's words; for people only
	RetryAfter time.Duration // what the service asked for, or 0
	Cause      error         // why there was no answer, or what was wrong with it
}

// Error is one line. What came from the service has lost its control
// characters.
func (e *Error) Error() string {
	switch {
	case e.Cause != nil && e.Status == 0:
		return fmt.Sprintf("%s: %s", e.Call, printable(e.Cause.Error()))
	case e.Cause != nil:
		return fmt.Sprintf("%s: status %d: %s", e.Call, e.Status, printable(e.Cause.Error()))
	case capName(e.Code) != "":
		return fmt.Sprintf("%s: %s exceeded (%s): raise the cap in the account's settings, or wait for the next day",
			e.Call, capName(e.Code), printable(e.Code))
	}
	what := []string{fmt.Sprintf("%s: status %d", e.Call, e.Status)}
	if e.Code != "" {
		what = append(what, printable(e.Code))
	}
	if e.Message != "" {
		what = append(what, printable(e.Message))
	}
	if e.Code == "" && e.Message == "" {
		what = append(what, http.StatusText(e.Status))
	}
	return strings.Join(what, ": ")
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is puts the error into categories, by its status and code and never by its
// message.
func (e *Error) Is(category error) bool {
	switch category {
	case fs.ErrNotExist:
		return e.Status == http.StatusNotFound || oneOf(e.Code, wire.CodeFileNotPresent, wire.CodeNoSuchFile) ||
			e.Is(ErrBucketNotFound)
	case fs.ErrPermission:
		return oneOf(e.Code, wire.CodeUnauthorized, wire.CodeAccessDenied) && !e.Is(ErrUnauthorized)
	case fs.ErrExist, ErrBucketExists:
		return e.Code == wire.CodeDuplicateBucketName
	case ErrBucketNotFound:
		return oneOf(e.Code, wire.CodeBadBucketID, wire.CodeInvalidBucketID)
	case ErrCapExceeded:
		return capName(e.Code) != ""
	case ErrUnauthorized:
		return e.Status == http.StatusUnauthorized && (e.Call == wire.CallAuthorize || tokenRefused(e.Code))
	case ErrAlreadyHidden:
		return e.Code == wire.CodeAlreadyHidden
	case ErrConflict:
		return e.Status == http.StatusConflict
	}
	return false
}

// capName is the cap that an error code speaks of, for people; "" if none.
func capName(code string) string {
	switch code {
	case wire.CodeStorageCap:
		return "storage cap"
	case wire.CodeDownloadCap:
		return "download cap"
	case wire.CodeTransactionCap:
		return "transaction cap (calls of class B or C)"
	case wire.CodeCap:
		return "cap"
	}
	return ""
}

// tokenRefused says whether a 401 is about the token itself: a new one may do
// better. An answer to HEAD has no body, so no code (API documentation,
// "Calling the API").
func tokenRefused(code string) bool {
	return oneOf(code, "", wire.CodeBadAuthToken, wire.CodeExpiredAuthToken, wire.CodeMissingAuthToken)
}

func oneOf(s string, list ...string) bool {
	for _, v := range list {
		if s == v {
			return true
		}
	}
	return false
}

// printable makes text that came from outside fit for one line: control
// characters and bytes that are not UTF-8 become spaces, and what is longer
// than 500 bytes is cut.
func printable(s string) string {
	const most = 500
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
