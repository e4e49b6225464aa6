package ui

import (
	"context"
	"errors"

	"github.com/bowline-sync/bowline/b2sync"
)

// Outcome is all that is known about a run when it has ended.
type Outcome struct {
	b2sync.Summary
	Calls  Calls
	Plan   Plan    // of a dry run: what the real run would need
	Prices *Prices // nil leaves the cost out
}

// NewOutcome gathers what is known; meter, prices and plan may be nil.
func NewOutcome(s b2sync.Summary, meter *Meter, prices *Prices, plan func() Plan) *Outcome {
	o := &Outcome{Summary: s, Prices: prices}
	if meter != nil {
		o.Calls = meter.Calls()
	}
	if plan != nil {
		o.Plan = plan()
	}
	return o
}

// Word is the run's end in a word: done, incomplete, stopped or failed.
func (o *Outcome) Word() string {
	switch {
	case stoppedBy(o.Err) != "":
		return "stopped"
	case o.Err != nil:
		return "failed"
	case !o.OK():
		return "incomplete"
	default:
		return "done"
	}
}

// Counts are the numbers of the run by name, for those who keep them.
func (o *Outcome) Counts() map[string]int64 {
	counts := map[string]int64{
		"failed": o.Failed, "warnings": o.Warned, "skipped": o.Skipped, "same": o.Same,
		"unhashed": o.Unhashed, "retained": o.Retained, "unverified": o.Unverified,
		"callsA": o.Calls.A, "callsB": o.Calls.B, "callsC": o.Calls.C, "requests": o.Calls.Requests, "retries": o.Calls.Retries,
	}
	for kind := range o.Done {
		name := kindName(b2sync.Kind(kind))
		counts[name] = o.Done[kind].Count
		counts[name+"Bytes"] = o.Done[kind].Bytes
	}
	for name, n := range counts {
		if n == 0 {
			delete(counts, name)
		}
	}
	return counts
}

// Cost is what the run's own calls cost. Prices must be set.
func (o *Outcome) Cost() Cost { return o.Prices.Of(o.Calls, o.transferred()) }

// transferred is how many bytes were really downloaded.
func (o *Outcome) transferred() int64 {
	if o.DryRun {
		return 0
	}
	return o.Done[b2sync.Download].Bytes
}

// Plan is what the run that a dry run stands for would need.
type Plan struct {
	Calls  Calls // beside those of the dry run, which the real run makes as well
	Stored int64 // bytes added to the storage of the bucket
}

// Stopped is the cause of a run that was ended on purpose before it was done:
// by a signal, or by a limit that the user set.
type Stopped struct{ By string }

func (s *Stopped) Error() string { return "stopped by " + s.By }

// Is makes a stopped run a cancelled one.
func (s *Stopped) Is(target error) bool { return target == context.Canceled }

// stoppedBy names what stopped the run, or returns "".
func stoppedBy(err error) string {
	if s, ok := errors.AsType[*Stopped](err); ok {
		return s.By
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "a time limit"
	case errors.Is(err, context.Canceled):
		return "interrupt"
	}
	return ""
}
