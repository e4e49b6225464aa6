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
	Plan   Plan         // of a dry run: what the real run would need
	Left   b2sync.Tally // transfers that were known and not done, of a run that ended early
	Prices *Prices      // nil leaves the cost out
}

// Sources are where the numbers of a run come from. Each may be nil, and is
// then left out.
type Sources struct {
	Progress  func() b2sync.Progress   // a look at the run while it goes on
	Transfers func() []b2sync.Transfer // what is under way, the oldest first
	Meter     *Meter                   // the calls
	Prices    *Prices                  // what they cost
	Plan      func() Plan              // what doing it would need, of a dry run
}

// Outcome gathers what is known of a run that ended like this.
func (from Sources) Outcome(s b2sync.Summary) *Outcome {
	o := &Outcome{Summary: s, Prices: from.Prices}
	if from.Meter != nil {
		o.Calls = from.Meter.Calls()
	}
	if from.Plan != nil {
		o.Plan = from.Plan()
	}
	if from.Progress != nil && s.Err != nil {
		p := from.Progress()
		o.Left = b2sync.Tally{Count: max(0, p.ToDo.Count-p.Done.Count), Bytes: max(0, p.ToDo.Bytes-p.Done.Bytes)}
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
