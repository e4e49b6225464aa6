package b2

import (
	"errors"
	"time"
)

var errUnbuilt = errors.New("b2: being built")

// Categories of errors, for errors.Is. Errors about missing files also answer
// to fs.ErrNotExist, those about rights to fs.ErrPermission.
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
)

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

func (e *Error) Error() string { return e.Call }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }
