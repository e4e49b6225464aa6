package b2sync

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/b2"
)

// A Throttle bounds how many files are worked on at once, by what the network
// and the service can take. It is told of every request; give its Observe to
// the client (b2.Config.Observe).
//
// An automatic one begins small and grows with every success until throughput
// no longer does. Then it tries more from time to time and keeps that only if it
// pays, and less while requests take much longer than the quickest have, and
// keeps that if it costs nothing. Answers of 429 and 503 make it shrink at once.
// A fixed one only shrinks while the service answers 429 or 503, and then grows
// back.
type Throttle struct {
	most int
	auto bool

	mu      sync.Mutex
	limit   float64
	used    int
	waiting []chan struct{} // those who wait for a slot, first come first

	slowStart bool
	hold      time.Time // no growth, and no second shrinking, before this
	epoch     epoch
	// A refusal sets a ceiling just below the limit that met it, which rises
	// again after some quiet epochs.
	ceiling float64 // 0 is none
	quiet   int     // epochs since the ceiling was set or rose
	// The best limit known, and the throughput that it gave. Another limit is a
	// trial of one epoch.
	bestLimit, bestRate float64
	less                bool          // the next trial is of a smaller limit, if there is reason for one
	rest, pause         int           // epochs until the next trial, and after it if it fails
	quickest            time.Duration // of the small requests
}

// An epoch is a stretch of time over which throughput is measured.
type epoch struct {
	began   time.Time
	work    float64
	small   int // small requests, and the time they took
	latency time.Duration
}

// The constants of the control loop; docs/performance.md has the figures that
// they were chosen by.
const (
	firstLimit   = 8
	maxAuto      = 256
	shortest     = time.Second // of an epoch, which also lasts 4 requests
	shrinkBusy   = 0.7         // after 429 or 503
	belowRefusal = 0.95
	provenEpochs = 2    // before a ceiling counts as known
	quietEpochs  = 60   // before it rises
	riseStep     = 1.15 // of the ceiling, and of a fixed limit on its way back
	tryMore      = 1.5
	worthIt      = 1.05 // a larger limit is kept if it gives so much more
	tooSlow      = 2    // times the quickest: requests wait for each other
	aimedLatency = 1.25 // times the quickest, when trying less for that
	noLoss       = 0.99 // a smaller limit is kept if it gives so much
	fading       = 0.97 // a rate that is not reached again is forgotten so fast, each epoch
	restEpochs   = 5    // after a trial that failed, twice as many after each further one,
	mostRest     = 40   // and at most this many
	smallRequest = 1 << 20
	// callWork is what a request counts for beside its bytes, so that both many
	// small files and few large ones show in one figure.
	callWork = 64 << 10
)

// FixedThreads is a throttle of n files, which shrinks only while the service
// is busy.
func FixedThreads(n int) *Throttle { return &Throttle{most: n, limit: float64(n)} }

// AutoThreads finds the number of files by itself, up to 256.
func AutoThreads() *Throttle {
	return &Throttle{most: maxAuto, auto: true, limit: firstLimit, slowStart: true}
}

// Most is the largest number of files there can be at once.
func (t *Throttle) Most() int { return t.most }

// Limit is the number of files that may be worked on at once, now.
func (t *Throttle) Limit() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(t.limit)
}

// acquire waits for a slot. It reports false when ctx ended first.
func (t *Throttle) acquire(ctx context.Context) bool {
	t.mu.Lock()
	if t.used < int(t.limit) {
		t.used++
		t.mu.Unlock()
		return true
	}
	slot := make(chan struct{})
	t.waiting = append(t.waiting, slot)
	t.mu.Unlock()
	select {
	case <-slot:
		return true
	case <-ctx.Done():
		t.forgo(slot)
		return false
	}
}

// forgo gives up waiting, and gives back a slot that came just then.
func (t *Throttle) forgo(slot chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, slot); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
		return
	}
	t.used--
	t.admit()
}

// release gives a slot back.
func (t *Throttle) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used--
	t.admit()
}

// admit lets in as many of those who wait as there is room for.
func (t *Throttle) admit() {
	for t.used < int(t.limit) && len(t.waiting) > 0 {
		close(t.waiting[0])
		t.waiting = t.waiting[1:]
		t.used++
	}
}

// Observe is told how a request went.
func (t *Throttle) Observe(a b2.Attempt) { t.observe(a, time.Now()) }

func (t *Throttle) observe(a b2.Attempt, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case a.Status == http.StatusTooManyRequests, a.Status == http.StatusServiceUnavailable:
		t.busy(a.Wait, now)
	case a.Err == nil:
		t.success(a, now)
	}
	t.admit()
}

// busy shrinks, once for all the refusals of one moment. One that comes after
// quiet epochs at a limit found by refusals says only that the ceiling is a
// little too high.
func (t *Throttle) busy(wait time.Duration, now time.Time) {
	if now.Before(t.hold) {
		return
	}
	known := t.auto && t.ceiling > 0 && t.quiet >= provenEpochs
	t.ceiling, t.quiet = t.limit*belowRefusal, 0
	t.hold = now.Add(shortest)
	if known {
		t.setLimit(t.ceiling)
	} else {
		t.setLimit(t.limit * shrinkBusy)
		t.hold = now.Add(max(wait, shortest))
	}
	t.slowStart = false
	t.bestLimit, t.bestRate = t.limit, 0
	t.less, t.rest, t.pause = false, 0, 0
	t.epoch = epoch{began: t.hold}
}

// success counts work done, and grows.
func (t *Throttle) success(a b2.Attempt, now time.Time) {
	if now.Before(t.hold) {
		return // of before the shrinking: tells nothing of the new limit
	}
	moved := a.Sent + a.Received
	t.epoch.work += float64(moved + callWork)
	if moved < smallRequest && a.Units <= 1 {
		t.epoch.small++
		t.epoch.latency += a.Took
		if t.quickest == 0 || a.Took < t.quickest {
			t.quickest = a.Took
		}
	}
	if t.epoch.began.IsZero() {
		t.epoch.began = now
	}
	if t.auto && t.slowStart && t.used >= int(t.limit) {
		t.setLimit(t.limit + 1)
	}
	if length := now.Sub(t.epoch.began); length >= max(shortest, 4*t.quickest) {
		t.turn(length)
		t.epoch = epoch{began: now}
	}
}

// turn draws the conclusion of an epoch.
func (t *Throttle) turn(length time.Duration) {
	if t.quiet++; t.ceiling > 0 && t.quiet >= quietEpochs {
		t.ceiling, t.quiet = t.ceiling*riseStep, 0
	}
	if !t.auto {
		t.ceiling = 0
		t.setLimit(t.limit*riseStep + 1) // back to what was asked for
		return
	}
	if t.used < int(t.limit) && len(t.waiting) == 0 {
		return // there is not enough to do to tell
	}
	rate, enough := t.epoch.work/length.Seconds(), worthIt
	if t.limit < t.bestLimit {
		enough = noLoss
	}
	switch {
	case t.limit == t.bestLimit:
		t.bestRate = max(fading*t.bestRate, rate)
		if t.rest--; t.rest < 0 {
			t.try()
		}
	case rate >= enough*t.bestRate:
		t.bestLimit, t.bestRate, t.pause = t.limit, max(t.bestRate, rate), 0
		t.try()
	default:
		t.slowStart = false
		t.setLimit(t.bestLimit)
		t.less = !t.less
		t.rest, t.pause = t.pause, min(max(2*t.pause, restEpochs), mostRest)
	}
}

// try sets another limit for the next epoch, if there is reason to.
func (t *Throttle) try() {
	switch {
	case t.slowStart && t.limit < float64(t.most): // grows by itself
	case t.less && t.crowded():
		latency := float64(t.epoch.latency) / float64(t.epoch.small)
		t.setLimit(t.limit * max(0.5, aimedLatency*float64(t.quickest)/latency))
	default:
		t.slowStart = false
		t.setLimit(t.limit*tryMore + 1)
		t.less = t.limit == t.bestLimit // there is no more
	}
}

// crowded says whether requests wait for each other rather than for the
// network.
func (t *Throttle) crowded() bool {
	return t.epoch.small >= 10 &&
		float64(t.epoch.latency) > tooSlow*float64(t.quickest)*float64(t.epoch.small)
}

func (t *Throttle) setLimit(n float64) {
	if t.ceiling > 0 {
		n = min(n, t.ceiling)
	}
	t.limit = min(max(n, 1), float64(t.most))
}
