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
	// Outcome is done, incomplete, stopped or failed; Running until the end.
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

// Running is the outcome of a run that has not ended, or was killed.
const Running = "running"

// State is the run's outcome, or "killed" for one that has no end although its
// process is gone.
func (r *Run) State() string {
	if r.Outcome == Running && !alive(r.PID) {
		return "killed"
	}
	return r.Outcome
}

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
