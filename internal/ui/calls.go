package ui

import (
	"sync"
	"time"

	"github.com/bowline-sync/bowline/b2"
)

// Calls is how many calls a run made, in the units that are billed.
type Calls struct {
	A, B, C  int64
	Requests int64 // HTTP requests, tries that failed included
	Retries  int64 // requests that failed and were tried again
}

// add counts n units of a class.
func (c *Calls) add(class byte, n int64) {
	switch class {
	case 'A':
		c.A += n
	case 'B':
		c.B += n
	case 'C':
		c.C += n
	}
}

// Plus is the sum of two counts.
func (c Calls) Plus(d Calls) Calls {
	return Calls{c.A + d.A, c.B + d.B, c.C + d.C, c.Requests + d.Requests, c.Retries + d.Retries}
}

// Meter counts the calls of a run and knows whether the service keeps it
// waiting. The zero value is ready; it is safe for concurrent use.
type Meter struct {
	mu     sync.Mutex
	calls  Calls
	byName map[string]*Calls
	wait   Waiting
	told   []func(b2.Attempt) // each attempt
}

// Waiting says that nothing succeeds and the run waits to try again.
type Waiting struct {
	Since time.Time  // when the service began to fail
	Until time.Time  // when the next try is due
	Why   b2.Attempt // the last one that failed
}

// OnAttempt adds a function that is told each attempt from now on. It is called
// once at a time, and holds up the calls; it must not ask the meter.
func (m *Meter) OnAttempt(f func(b2.Attempt)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, f)
}

// Observe counts an attempt; it is made for [b2.Config.Observe].
func (m *Meter) Observe(a b2.Attempt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName == nil {
		m.byName = make(map[string]*Calls)
	}
	named := m.byName[a.Call]
	if named == nil {
		named = new(Calls)
		m.byName[a.Call] = named
	}
	for _, sum := range [...]*Calls{&m.calls, named} {
		sum.Requests++
		sum.add(a.Class, int64(a.Units))
		if a.Retry {
			sum.Retries++
		}
	}
	m.noteWait(a)
	for _, tell := range m.told {
		tell(a)
	}
}

// noteWait keeps one state of many tries: any success ends the waiting.
func (m *Meter) noteWait(a b2.Attempt) {
	switch {
	case a.Err == nil:
		m.wait = Waiting{}
	case a.Retry:
		now := time.Now()
		if m.wait.Since.IsZero() {
			m.wait.Since = now
		}
		m.wait.Why = a
		if until := now.Add(a.Wait); until.After(m.wait.Until) {
			m.wait.Until = until
		}
	}
}

// Calls is what was counted so far.
func (m *Meter) Calls() Calls {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// ByName is what was counted so far, by the name of the call.
func (m *Meter) ByName() map[string]Calls {
	m.mu.Lock()
	defer m.mu.Unlock()
	named := make(map[string]Calls, len(m.byName))
	for name, calls := range m.byName {
		named[name] = *calls
	}
	return named
}

// Waiting reports whether the run is waiting for the service.
func (m *Meter) Waiting() (Waiting, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wait, !m.wait.Since.IsZero()
}
