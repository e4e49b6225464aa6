package history

import "time"

// Run is one run of a sync.
type Run struct {
	ID          int64     `json:"id"`
	Started     time.Time `json:"started"` // to the millisecond
	Ended       time.Time `json:"ended,omitzero"`
	PID         int       `json:"pid"`
	Source      string    `json:"source"`
	Destination string    `json:"destination"`
	// Options are the arguments that the run was started with, without secrets:
	// the caller leaves them out.
	Options []string `json:"options"`
	// Outcome is done, incomplete, stopped or failed; until the end Running or
	// Killed.
	Outcome string `json:"outcome"`
	Verdict string `json:"verdict"`
	// Counts are the numbers of the run by name, calls included.
	Counts map[string]int64 `json:"counts"`
	// Failed is how many names failed, and the run itself if it failed as a
	// whole. Failures are the first of them, then the first warnings.
	Failed   int64     `json:"failed"`
	Failures []Failure `json:"failures,omitempty"`
	// Report is the ground of the run's report page, as its package packs it.
	Report []byte `json:"-"`
}

// The outcomes of runs that have no end.
const (
	Running = "running"
	Killed  = "killed" // or lost with its computer: no process works on it any more
)

// Failure is one thing that went wrong.
type Failure struct {
	Name    string `json:"name"` // "" for the run as a whole
	Cause   string `json:"cause"`
	Warning bool   `json:"warning,omitempty"`
}

// Limits of what is kept. They bound the database at some tens of megabytes.
const (
	MaxFailures = 1000   // of one run
	maxRuns     = 10_000 // older ones go
	maxReports  = 100    // the runs whose report page can still be made
)
