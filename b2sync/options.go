package b2sync

import (
	"errors"
	"fmt"
	"time"
)

// Compare says how a source file and a destination file of one name are told
// apart.
type Compare int

// The ways to compare.
const (
	CompareModTime Compare = iota // modification times, then sizes; the default
	CompareSize                   // sizes only
	CompareNone                   // a file that exists is taken to be the same
)

// Newer says what happens when the destination's file is newer than the
// source's.
type Newer int

// The ways to treat a newer destination.
const (
	NewerFails    Newer = iota // the file is reported and left; the run goes on (P8)
	NewerSkipped               // left alone without a word
	NewerReplaced              // replaced by the older source file
	NewerStops                 // reported, and the run ends there, as the reference does
)

// Extraneous says what happens to what the source does not have, and to older
// versions in a destination bucket.
type Extraneous int

// The ways to treat extraneous files.
const (
	ExtraneousKept     Extraneous = iota // left alone
	ExtraneousDeleted                    // deleted, older versions too
	ExtraneousKeepDays                   // hidden; versions go Options.KeepDays after they stopped being current
)

// Options are the user's wishes for one run. The zero value is a plain sync:
// what is new or changed is transferred, nothing is removed.
type Options struct {
	Compare Compare
	// Threshold is the difference that still counts as equal: milliseconds for
	// CompareModTime (below 1 ms counts as 1 ms), bytes for CompareSize.
	Threshold int64
	Newer     Newer

	Extraneous Extraneous
	// KeepDays is used with ExtraneousKeepDays: days, a fraction above 0 (P7).
	KeepDays float64

	// Names chooses by name on both sides; nil keeps every name (P3).
	Names *NameFilter
	// ExcludeLinks leaves out every symbolic link of a source folder.
	ExcludeLinks bool
	// ModifiedAfter leaves out source files with a later modification time;
	// milliseconds since the epoch, 0 for no limit.
	ModifiedAfter int64
	// UploadedAfter leaves out source versions that were uploaded later, so
	// that a bucket is seen as it was then; milliseconds, 0 for no limit.
	UploadedAfter int64

	// AllowEmpty lets a source without any regular file through (P4).
	AllowEmpty bool
	// DryRun plans and passes the gate, and changes nothing.
	DryRun bool

	// Files is how many files are worked on at once; 0 means DefaultThreads. The
	// requests that carry content are bounded by the client (b2.Config).
	Files int

	// SpoolDir is where removals wait for the gate; empty means the system's
	// folder for temporary files.
	SpoolDir string

	// Listener is told what happens, one event at a time; nil for nobody.
	Listener Listener
}

// DefaultThreads is how many files are worked on at once when Options.Files
// is 0; the reference's default.
const DefaultThreads = 10

// check reports the first wish that makes no sense.
func (o *Options) check() error {
	switch {
	case o.Threshold < 0:
		return errors.New("compare_threshold must be a positive integer")
	case o.Extraneous == ExtraneousKeepDays && !(o.KeepDays > 0):
		return fmt.Errorf("--keep-days %v: the number of days must be above 0; use --delete to keep no old versions", o.KeepDays)
	case o.Files < 0:
		return errors.New("the number of threads must be at least 1")
	}
	return nil
}

// keepFor is KeepDays as a duration, at most about 292 years.
func (o *Options) keepFor() time.Duration {
	const day = float64(24 * time.Hour)
	if o.KeepDays*day >= float64(1<<63-1) {
		return 1<<63 - 1
	}
	return time.Duration(o.KeepDays * day)
}
