package b2sync

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Transfer is a transfer that is under way.
type Transfer struct {
	Name    string // relative to the destination
	Size    int64  // bytes of content
	Moved   int64  // bytes moved so far
	Started time.Time
}

// Transfers are the transfers under way, the one that began first first. It may
// be called at any time, from any goroutine.
func (s *Sync) Transfers() []Transfer { return s.report.flights.list() }

// flights are the transfers under way: as many as there are workers.
type flights struct {
	mu  sync.Mutex
	all map[*flight]struct{}
}

type flight struct {
	name    string
	size    int64
	moved   *atomic.Int64
	started time.Time
}

// begin notes a transfer; the caller ends it.
func (f *flights) begin(name string, size int64, moved *atomic.Int64, now time.Time) *flight {
	one := &flight{name, size, moved, now}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = make(map[*flight]struct{})
	}
	f.all[one] = struct{}{}
	return one
}

func (f *flights) end(one *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, one)
}

// list is a snapshot, the transfer that has been under way longest first.
func (f *flights) list() []Transfer {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Transfer, 0, len(f.all))
	for one := range f.all {
		list = append(list, Transfer{one.name, one.size, one.moved.Load(), one.started})
	}
	slices.SortFunc(list, func(a, b Transfer) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Name, b.Name))
	})
	return list
}
