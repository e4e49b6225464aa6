package ui

import (
	"sync"
	"time"
)

// Call is one HTTP request to the service and how it went.
type Call struct {
	Name   string // b2_upload_file, ...
	Class  byte   // 'A', 'B' or 'C': what it is billed as
	Units  int64  // how many calls it is billed as; a listing counts one per started 1,000 entries
	Status int    // the HTTP status, 0 without an answer
	Code   string // the service's error code, or ""
	Err    error  // nil when it succeeded
	// Retry says that it failed and will be tried again, after Wait.
	Retry bool
	Wait  time.Duration
}

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
	now    func() time.Time // nil means time.Now
	onCall []func(Call)
}

// Waiting says that nothing succeeds and the run waits to try again.
type Waiting struct {
	Since time.Time // when the service began to fail
	Until time.Time // when the next try is due
	Why   Call      // the last call that failed
}

// OnRetry adds a function that is told each call that will be tried again. Add
// all of them before the first call; they are called one at a time.
func (m *Meter) OnRetry(f func(Call)) { m.onCall = append(m.onCall, f) }

// Observe counts a call.
func (m *Meter) Observe(c Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName == nil {
		m.byName = make(map[string]*Calls)
	}
	named := m.byName[c.Name]
	if named == nil {
		named = new(Calls)
		m.byName[c.Name] = named
	}
	for _, sum := range [...]*Calls{&m.calls, named} {
		sum.Requests++
		sum.add(c.Class, c.Units)
		if c.Retry {
			sum.Retries++
		}
	}
	m.noteWait(c)
	if c.Retry {
		for _, told := range m.onCall {
			told(c)
		}
	}
}

// noteWait keeps one state of many tries: any success ends the waiting.
func (m *Meter) noteWait(c Call) {
	switch {
	case c.Err == nil:
		m.wait = Waiting{}
	case c.Retry:
		now := m.clock()
		if m.wait.Since.IsZero() {
			m.wait.Since = now
		}
		m.wait.Why = c
		if until := now.Add(c.Wait); until.After(m.wait.Until) {
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

func (m *Meter) clock() time.Time {
	if m.now != nil {
		return m.now()
	}
	return time.Now()
}
