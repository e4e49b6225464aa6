package b2sync

import (
	"errors"
	"fmt"
	"time"

	"github.com/bowline-sync/bowline/b2"
)

// Compare says how a source file and a destination file of one name are told
// apart.
type Compare int

// The ways to compare.
const (
	CompareModTime Compare = iota // modification times, then sizes; the default
	CompareSize                   // sizes only
	CompareNone                   // a file that exists is taken to be the same
	CompareSHA1                   // content, by the hash that the listing carries; else as CompareModTime
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
	// Hashes remembers the hashes of local files for CompareSHA1; nil has them
	// read each time.
	Hashes HashCache

	Extraneous Extraneous
	// KeepDays is used with ExtraneousKeepDays: days, a fraction above 0 (P7).
	KeepDays float64

	// Names chooses by name on both sides; nil keeps every name (P3).
	Names *NameFilter
	// ExcludeLinks leaves out every symbolic link of a source folder.
	ExcludeLinks bool
	// ModifiedAfter leaves out source files with a later modification time;
	// milliseconds since the epoch, nil for no limit.
	ModifiedAfter *int64
	// UploadedAfter leaves out source versions that were uploaded later, so
	// that a bucket is seen as it was then; milliseconds, nil for no limit.
	UploadedAfter *int64

	// AllowEmpty lets a source without any regular file through (P4).
	AllowEmpty bool
	// DryRun plans and passes the gate, and changes nothing.
	DryRun bool

	// MaxDelete is the brake on removals: when a run would remove or hide more
	// names than this, it deletes and hides nothing at all. nil for no brake.
	MaxDelete *Limit

	// SourceSSE is the key for source versions that are listed as SSE-C; it is
	// sent with no other request. DestinationSSE is the encryption of what is
	// made; nil for the bucket's default.
	SourceSSE, DestinationSSE *b2.SSE
	// SkipHash leaves the hash of downloads unchecked.
	SkipHash bool
	// Streams bounds the parallel ranges of one download; 0 is chosen by size.
	Streams int
	// Incremental has the service copy what the destination's newest version
	// already holds of a local file that has grown, so that only what was
	// appended is sent. The file is read for that.
	Incremental bool
	// WriteBuffer is how many bytes of a download are gathered before they are
	// written, for each range; 0 writes what has come.
	WriteBuffer int
	// NoLargeSHA1 saves reading large files once more for their hash.
	NoLargeSHA1 bool
	// Fsync makes each downloaded file and its folder durable before it counts
	// as done.
	Fsync bool

	// Uploads remembers which large files this and earlier runs have started,
	// so that what cannot be gone on with is cancelled; nil cancels nothing.
	Uploads UploadRecord

	// Files is how many files are worked on at once; 0 means DefaultThreads. The
	// requests that carry content are bounded by the client (b2.Config).
	Files int

	// Throttle bounds the files by what the network and the service can take,
	// in place of Files; nil for just Files.
	Throttle *Throttle

	// SpoolDir is where removals wait for the gate; empty means the system's
	// folder for temporary files.
	SpoolDir string

	// Listener is told what happens, one event at a time; nil for nobody.
	Listener Listener
}

// Limit is a number of names, or a share of the destination's names.
type Limit struct {
	Names   int64
	Percent float64 // used instead of Names when Share is set
	Share   bool
}

// exceeded says whether n of all names are too many.
func (l *Limit) exceeded(n, all int64) bool {
	if l == nil {
		return false
	}
	if l.Share {
		return float64(n)*100 > l.Percent*float64(all)
	}
	return n > l.Names
}

// String is the limit as it is written on the command line.
func (l *Limit) String() string {
	if l.Share {
		return fmt.Sprintf("%g%%", l.Percent)
	}
	return fmt.Sprint(l.Names)
}

// DefaultThreads is how many files are worked on at once when Options.Files
// is 0; the reference's default.
const DefaultThreads = 10

// timed says whether source versions are chosen by time, so that older ones
// count too.
func (o *Options) timed() bool { return o.ModifiedAfter != nil || o.UploadedAfter != nil }

// later says whether a time lies beyond a limit, if there is one.
func later(ms int64, limit *int64) bool { return limit != nil && ms > *limit }

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
