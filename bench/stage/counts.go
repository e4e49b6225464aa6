package stage

import (
	"bytes"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/bowline-sync/bowline/internal/wire"
)

// entriesPerCall is how many entries of a listing are billed as one call.
const entriesPerCall = 1_000

// counts adds up what was asked of the server.
type counts struct {
	mu     sync.Mutex
	calls  map[string]int64
	listed int64
	extra  int64 // what listings cost beyond one call each
}

func (c *counts) call(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[name]++
}

func (c *counts) page(entries int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listed += entries
	c.extra += max(0, (entries-1)/entriesPerCall)
}

func (c *counts) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.listed, c.extra = map[string]int64{}, 0, 0
}

func (c *counts) read() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{Calls: maps.Clone(c.calls), Listed: c.listed, Billed: map[string]int64{}}
	for name, n := range c.calls {
		if class, ok := wire.ClassOf[name]; ok {
			s.Billed[string(class)] += n
		}
	}
	s.Billed[string(wire.ClassC)] += c.extra
	return s
}

// entry is in every entry of a listing once, and nowhere else.
const entry = `"uploadTimestamp":`

// listWriter counts the entries of a listing as they are written, unless the
// server says how many there are: counting takes longer than the synthetic
// server needs to make them.
type listWriter struct {
	http.ResponseWriter
	tail    []byte // the end of what was written, too short to hold an entry
	entries int64
	told    bool
}

// CountEntries implements synth.EntryCounter.
func (w *listWriter) CountEntries(n int64) { w.entries, w.told = n, true }

// Write implements http.ResponseWriter. An entry that lies across two writes
// is found in the seam between them.
func (w *listWriter) Write(p []byte) (int, error) {
	if w.told {
		return w.ResponseWriter.Write(p)
	}
	const keep = len(entry) - 1
	seam := append(w.tail, p[:min(keep, len(p))]...)
	w.entries += int64(strings.Count(string(seam), entry))
	if len(p) > keep {
		w.entries += int64(bytes.Count(p, []byte(entry)))
		seam = p
	}
	w.tail = append(w.tail[:0], seam[max(0, len(seam)-keep):]...)
	return w.ResponseWriter.Write(p)
}
