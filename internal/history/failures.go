package history

import "github.com/bowline-sync/bowline/b2sync"

// Failures listens to a run and keeps the first things that went wrong. The
// zero value is ready.
type Failures struct {
	kept  []Failure
	count int64
}

// Event keeps an event if it is a failure.
func (f *Failures) Event(e b2sync.Event) {
	switch e := e.(type) {
	case b2sync.ActionDone:
		if e.Err != nil {
			f.add(e.Kind.String()+" "+e.Name, e.Err)
		}
	case b2sync.Problem:
		name := e.Path
		if name == "" {
			name = e.Name
		}
		f.add(name, e.Err)
	}
}

func (f *Failures) add(name string, err error) {
	f.count++
	if len(f.kept) < MaxFailures {
		f.kept = append(f.kept, Failure{name, err.Error()})
	}
}

// First are the failures that were kept, at most MaxFailures.
func (f *Failures) First() []Failure { return f.kept }

// Count is how many there were.
func (f *Failures) Count() int64 { return f.count }
