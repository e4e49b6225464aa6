package b2sync

import "time"

// Kind is what an action does.
type Kind int

// The kinds of action.
const (
	Upload     Kind = iota // a local file becomes a new version
	Download               // a version becomes a local file
	Copy                   // a version becomes a new version elsewhere, on the server
	Hide                   // a hide marker is put on a name
	Delete                 // a version, a hide marker or a local file is removed
	MakeFolder             // a folder is made, for a folder marker
	kinds
)

// String is the word of the reference's action lines.
func (k Kind) String() string {
	return [...]string{"upload", "dnload", "copy", "hide", "delete", "mkdir"}[k]
}

// Note tells apart what Delete removes.
type Note int

// The notes.
const (
	NoteNone       Note = iota
	NoteOldVersion      // a version that is not the newest
	NoteHideMarker      // a hide marker
	NoteLocal           // a local file
)

// Action is one change to the destination.
type Action struct {
	Kind Kind
	Name string // relative to the destination, with slashes
	Note Note
	Size int64 // bytes of content that the action is about
	// Version is the id of the version removed, or of the one made once the
	// action is done; empty for local files.
	Version string
}

// Event is one of ActionDone, Problem and Remark.
type Event interface{ event() }

// ActionDone says that an action ended, well or not. In a dry run it says that
// the action would be taken.
type ActionDone struct {
	Action
	Took time.Duration
	// Err is why the action failed; nil when it is done.
	Err error
	// Source is where the content came from, for people: the local path, or the
	// file name in the bucket.
	Source string
	// ModTime is the modification time of the content, ms since the epoch.
	ModTime int64
}

// Problem is a name that could not be dealt with, or only in part. Every
// problem makes the run's exit status 1.
type Problem struct {
	// Name is relative to the side it was met on, Path what people look for:
	// the local path, or the B2 name.
	Name, Path string
	Err        error
	// Warning is set for what was met while scanning (unreadable, a bad name, a
	// dangling link), clear for a file that should have been transferred.
	Warning bool
}

// Remark is one sentence about the run that is neither a success nor a
// failure, such as removals that wait because a listing broke off.
type Remark struct{ Text string }

func (ActionDone) event() {}
func (Problem) event()    {}
func (Remark) event()     {}

// Listener is told the events of a run. Calls come one at a time, in the order
// in which things happened, from goroutines of the run; a slow listener slows
// the run.
type Listener interface{ Event(Event) }

// Tally counts actions of one kind.
type Tally struct {
	Count int64
	Bytes int64
}

// Summary is what a run did: the ground of the verdict line.
type Summary struct {
	Done    [kinds]Tally // by Kind; what would be done, in a dry run
	Failed  int64        // actions and names that failed
	Warned  int64        // warnings of the scans
	Skipped int64        // names left alone because the destination is newer
	Same    int64        // names that needed nothing
	// Unhashed counts the names that CompareSHA1 compared by time and size,
	// because the service has no hash of them.
	Unhashed int64
	// Retained counts the names whose versions stay because they may not be
	// deleted: Object Lock, or a key without deleteFiles. They are hidden
	// instead, and go in a later run.
	Retained int64
	// Unverified counts downloads for which the service had no hash, so that
	// only the length was checked (P6).
	Unverified int64
	Started    time.Time
	Took       time.Duration
	DryRun     bool
	// Err is why the run ended early; nil when it came to its end.
	Err error
}

// Actions is the number of actions taken.
func (s *Summary) Actions() int64 {
	var n int64
	for _, t := range s.Done {
		n += t.Count
	}
	return n
}

// OK says that the destination matches the source as far as it was asked to.
func (s *Summary) OK() bool { return s.Err == nil && s.Failed == 0 && s.Warned == 0 }

// Progress is a snapshot of a run under way, for a display that looks at it
// now and then.
type Progress struct {
	Scanned  int64 // source files seen
	Compared int64 // names compared
	Listed   bool  // both sides have been seen to their end
	ToDo     Tally // transfers known so far
	Done     Tally // transfers done; Bytes counts what has been moved of those under way, too
	Failed   int64
}
