package b2sync

import (
	"slices"
	"sync"
	"time"
)

// A span is a range while it is being worked on. Its end may come down: another
// worker, who has nothing to do, takes the upper part.
type span struct {
	mu    sync.Mutex
	lo    string // where it began
	hi    string // exclusive; "" is no end
	at    string // the last name that was passed
	seen  int64  // names passed
	began time.Time
	first time.Time // when the first name was passed: the wait for it says nothing of those to come
}

// pass moves on to a name. It reports false when that name is no longer the
// span's.
func (s *span) pass(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hi != "" && name >= s.hi {
		return false
	}
	if s.seen == 0 {
		s.first = time.Now()
	}
	s.at = name
	s.seen++
	return true
}

// passed is how many names the span has passed.
func (s *span) passed() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// end is where the span ends now.
func (s *span) end() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hi
}

// Splitting a range pays where the listing is what is waited for: every worker
// then waits for a page of its own. It costs a page that is not full.
const (
	spansAtOnce  = 12
	splitAfter   = 10_000                // names: a small bucket costs one call of listing
	splitMinimum = 30_000                // names in each part, by estimate: three full pages
	splitBelow   = 300_000               // names a second: a faster span does not wait for the network
	surveyAfter  = 40 * time.Millisecond // without a name: the first page is waited for
)

// spans hands out the ranges of a run to workers.
type spans struct {
	// marks are names at which ranges may be split, in order: folders of the
	// local side, so that they lie as densely as the files. They are looked up
	// when they are first needed.
	marks func() []string

	mu      sync.Mutex
	changed sync.Cond
	waiting []Range
	active  []*span
	idle    int     // workers that wait for a range
	dense   float64 // names below each mark, by a survey; 0 without one
}

func newSpans(rs []Range, marks func() []string) *spans {
	t := &spans{waiting: rs, marks: sync.OnceValue(marks)}
	t.changed.L = &t.mu
	return t
}

// take is the next range to work on, or part of another worker's. It waits
// while there may yet be one, and returns nil when there will not.
func (t *spans) take() *span {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle++
	defer func() { t.idle-- }()
	for {
		if len(t.waiting) > 0 {
			r := t.waiting[0]
			t.waiting = t.waiting[1:]
			return t.begin(r)
		}
		if r, ok := t.steal(time.Now(), t.idle); ok {
			return t.begin(r)
		}
		if len(t.active) == 0 {
			return nil
		}
		t.changed.Wait()
	}
}

func (t *spans) begin(r Range) *span {
	s := &span{lo: r.Lo, hi: r.Hi, at: r.Lo, began: time.Now()}
	t.active = append(t.active, s)
	return s
}

// done gives a span back.
func (t *spans) done(s *span) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.active = slices.DeleteFunc(t.active, func(a *span) bool { return a == s })
	t.changed.Broadcast()
}

// expect says how many names a survey has found below each mark. While the
// first page of a span is still to come, nothing else tells how long it is.
func (t *spans) expect(dense float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dense = dense
	t.changed.Broadcast()
}

// untold says that no span has passed a name yet.
func (t *spans) untold() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !slices.ContainsFunc(t.active, func(s *span) bool { return s.passed() > 0 })
}

// look lets idle workers see whether a span has become worth splitting.
func (t *spans) look() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changed.Broadcast()
}

// steal takes the upper end of the span with the most left: as much as is this
// worker's share, if all who are idle divide it with the one whose it is.
func (t *spans) steal(now time.Time, idle int) (Range, bool) {
	var victim *span
	var most int64
	for _, s := range t.active {
		if left := s.left(now, t.marks, t.dense); left > most {
			victim, most = s, left
		}
	}
	parts := min(int64(idle)+1, most/splitMinimum)
	if parts < 2 {
		return Range{}, false
	}
	return victim.split(t.marks(), int(parts))
}

// left estimates the names that a span still has before it, or 0 if it is not
// worth splitting: by those that it has passed, or by a survey while it has
// passed none.
func (s *span) left(now time.Time, marks func() []string, dense float64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == 0 && dense > 0 && now.Sub(s.began) >= surveyAfter {
		return int64(dense * float64(len(between(marks(), s.at, s.hi))))
	}
	if s.seen < splitAfter || float64(s.seen) > splitBelow*now.Sub(s.first).Seconds() {
		return 0
	}
	all := marks()
	passed := len(between(all, s.lo, s.at))
	return s.seen / int64(max(1, passed)) * int64(len(between(all, s.at, s.hi)))
}

// split cuts the span by the marks before it into equal parts, and returns the
// last of them.
func (s *span) split(marks []string, parts int) (Range, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ahead := between(marks, s.at, s.hi)
	if len(ahead) == 0 {
		return Range{}, false // it has moved on meanwhile
	}
	upper := Range{Lo: ahead[len(ahead)*(parts-1)/parts], Hi: s.hi}
	s.hi = upper.Lo
	return upper, true
}

// between are the marks after lo and before hi.
func between(marks []string, lo, hi string) []string {
	first, found := slices.BinarySearch(marks, lo)
	if found {
		first++
	}
	last := len(marks)
	if hi != "" {
		last, _ = slices.BinarySearch(marks, hi)
	}
	return marks[first:max(first, last)]
}
