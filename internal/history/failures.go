package history

import (
	"cmp"
	"slices"

	"github.com/bowline-sync/bowline/b2sync"
)

// Failures listens to a run and keeps the first things that went wrong. The
// zero value is ready.
type Failures struct {
	failed, warned []Failure // at most MaxFailures of each
	count          int64     // of what failed
}

// Event keeps an event if it is a failure or a warning.
func (f *Failures) Event(e b2sync.Event) {
	switch e := e.(type) {
	case b2sync.ActionDone:
		if e.Err != nil {
			f.add(Failure{Name: e.Kind.String() + " " + e.Name, Cause: e.Err.Error()})
		}
	case b2sync.Problem:
		f.add(Failure{Name: cmp.Or(e.Path, e.Name), Cause: e.Err.Error(), Warning: e.Warning})
	}
}

func (f *Failures) add(one Failure) {
	kept := &f.failed
	if one.Warning {
		kept = &f.warned
	} else {
		f.count++
	}
	if len(*kept) < MaxFailures {
		*kept = append(*kept, one)
	}
}

// First are the first things that went wrong, at most MaxFailures; what failed
// goes before what was warned of.
func (f *Failures) First() []Failure {
	all := slices.Concat(f.failed, f.warned)
	return all[:min(len(all), MaxFailures)]
}

// Count is how many failed, without the warnings.
func (f *Failures) Count() int64 { return f.count }
