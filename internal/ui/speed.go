package ui

import "time"

// speedWindow is how far back a rate looks: long enough to be calm, short
// enough to show that something changed.
const speedWindow = 8 * time.Second

// speed measures a rate over the last seconds from samples of a growing count.
type speed struct{ samples []sample }

type sample struct {
	at time.Time
	n  int64
}

// add takes a sample and forgets those that are too old.
func (s *speed) add(at time.Time, n int64) {
	s.samples = append(s.samples, sample{at, n})
	for len(s.samples) > 2 && at.Sub(s.samples[1].at) >= speedWindow {
		s.samples = s.samples[1:]
	}
}

// perSecond is the rate, 0 as long as nothing is known.
func (s *speed) perSecond() float64 {
	if len(s.samples) < 2 {
		return 0
	}
	first, last := s.samples[0], s.samples[len(s.samples)-1]
	if took := last.at.Sub(first.at).Seconds(); took > 0 {
		return max(0, float64(last.n-first.n)/took)
	}
	return 0
}
