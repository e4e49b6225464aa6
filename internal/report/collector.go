package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/ui"
	"github.com/bowline-sync/bowline/internal/wire"
)

// Bounds of the lists of a page.
const (
	linesKept   = 200
	retriesKept = 50
)

// bands are the sizes that a page tells apart: each holds the files up to its
// bound.
var bands = []struct {
	upTo  int64
	label string
}{
	{0, "empty"}, {1e3, "≤ 1 kB"}, {1e4, "≤ 10 kB"}, {1e5, "≤ 100 kB"}, {1e6, "≤ 1 MB"}, {1e7, "≤ 10 MB"},
	{1e8, "≤ 100 MB"}, {1e9, "≤ 1 GB"}, {1e10, "≤ 10 GB"}, {1 << 62, "more"},
}

// Collector listens to a run and gathers what its page shows. Its memory is
// bounded. It is a [b2sync.Listener].
type Collector struct {
	started time.Time

	mu       sync.Mutex
	kinds    [len(kindNames)]Kind
	sizes    []SizeBand
	timeline *Timeline
	folders  *folders
	slowest  slowest
	failures lines
	warnings lines
	notes    lines
	retries  map[Retry]int64 // by Call and Why
	classes  map[string]byte
}

var kindNames = [...]string{"upload", "download", "copy", "hide", "delete", "make folder"}

// NewCollector begins to gather; the run starts now.
func NewCollector() *Collector {
	c := &Collector{
		started: time.Now(), timeline: newTimeline(), folders: newFolders(),
		retries: make(map[Retry]int64), classes: make(map[string]byte),
	}
	for i, name := range kindNames {
		c.kinds[i].Name = name
	}
	for _, band := range bands {
		c.sizes = append(c.sizes, SizeBand{Label: band.label})
	}
	return c
}

// Event gathers an event.
func (c *Collector) Event(e b2sync.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := e.(type) {
	case b2sync.ActionDone:
		c.action(e)
	case b2sync.Problem:
		name := cmp.Or(e.Path, e.Name)
		line := Line{name, strings.TrimPrefix(e.Err.Error(), name+" ")}
		if e.Warning {
			c.warnings.add(line)
		} else {
			c.failures.add(line)
		}
	case b2sync.Remark:
		c.notes.add(Line{Text: e.Text})
	}
}

func (c *Collector) action(e b2sync.ActionDone) {
	kind := &c.kinds[e.Kind]
	if e.Err != nil {
		kind.Failed++
		c.failures.add(Line{kind.Name + " " + e.Name, e.Err.Error()})
		return
	}
	kind.Count++
	kind.Bytes += e.Size
	c.folders.add(e.Name, e.Size)
	switch e.Kind {
	case b2sync.Upload, b2sync.Download, b2sync.Copy:
		c.slowest.add(Slow{kind.Name, e.Name, e.Size, e.Took})
		band := &c.sizes[bandOf(e.Size)]
		band.Count++
		band.Bytes += e.Size
	}
}

func bandOf(size int64) int {
	i := 0
	for size > bands[i].upTo {
		i++
	}
	return i
}

// Observe gathers an attempt to call the service; it is made for
// [ui.Meter.OnAttempt].
func (c *Collector) Observe(a b2.Attempt) { c.observeAt(time.Since(c.started), a) }

func (c *Collector) observeAt(now time.Duration, a b2.Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.classes[a.Call] = a.Class
	if up, down := content(a); up+down > 0 && a.Err == nil {
		c.timeline.spread(now-a.Took, now, up, down)
	}
	if !a.Retry {
		return
	}
	c.timeline.retry(now)
	key := Retry{Call: a.Call, Why: whyRetry(a)}
	if _, known := c.retries[key]; known || len(c.retries) < retriesKept {
		c.retries[key]++
	}
}

// content is how many bytes of files an attempt moved. What other calls carry
// is not what a run is for.
func content(a b2.Attempt) (up, down int64) {
	switch a.Call {
	case wire.CallUploadFile, wire.CallUploadPart:
		return a.Sent, 0
	case wire.CallDownloadByID, wire.CallDownloadByName:
		return 0, a.Received
	}
	return 0, 0
}

func whyRetry(a b2.Attempt) string {
	if a.Status != 0 {
		return clip(fmt.Sprint(a.Status, " ", a.Code))
	}
	if e, ok := errors.AsType[*b2.Error](a.Err); ok && e.Cause != nil {
		return clip(e.Cause.Error())
	}
	return "no answer"
}

// lines keeps the first ones.
type lines struct {
	kept  []Line
	count int64
}

func (l *lines) add(line Line) {
	l.count++
	if len(l.kept) < linesKept {
		l.kept = append(l.kept, Line{clip(line.Name), clip(line.Text)})
	}
}

// Data is what was gathered of a run that ended like this. byName are the
// calls of the run by name.
func (c *Collector) Data(o *ui.Outcome, byName map[string]ui.Calls, source, destination string) *Data {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := &Data{
		Source: clip(source), Destination: clip(destination),
		Started: o.Started, Took: o.Took, DryRun: o.DryRun, Outcome: o.Word(), Verdict: ui.Verdict(o),
		Sizes: slices.Clone(c.sizes), Timeline: c.timeline, Slowest: c.slowest,
		Failures: c.failures.kept, Failed: c.failures.count, Warnings: c.warnings.kept, Warned: c.warnings.count,
		Notes: c.notes.kept, Calls: c.calls(byName), Retries: c.retryList(),
	}
	if o.Err != nil {
		d.Error = clip(o.Err.Error())
	}
	d.Folders, d.Others = c.folders.top()
	for _, kind := range c.kinds {
		if kind.Count+kind.Failed > 0 {
			d.Kinds = append(d.Kinds, kind)
		}
	}
	if o.Prices != nil {
		d.Bill, d.Cost = o.Prices.Bill(o.Calls), o.Cost().String()
		d.Prices = o.Prices.Source + ", " + o.Prices.Date
	}
	return d
}

func (c *Collector) calls(byName map[string]ui.Calls) []Call {
	var calls []Call
	for name, n := range byName {
		calls = append(calls, Call{name, string(rune(c.classes[name])), n.A + n.B + n.C, n.Requests, n.Retries})
	}
	slices.SortFunc(calls, func(a, b Call) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Name, b.Name))
	})
	return calls
}

func (c *Collector) retryList() []Retry {
	var list []Retry
	for key, n := range c.retries {
		key.Count = n
		list = append(list, key)
	}
	slices.SortFunc(list, func(a, b Retry) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Call, b.Call), cmp.Compare(a.Why, b.Why))
	})
	return list
}
