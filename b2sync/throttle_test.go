package b2sync

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bowline-sync/bowline/b2"
)

// service is a simulated one: each request takes latency; above a rate, or
// above a number at once, it refuses; a pipe lets through so many a second and
// has the others wait.
type service struct {
	latency time.Duration
	rate    float64 // requests a second before 429; 0 is no bound
	atOnce  int64   // requests at once before 503; 0 is no bound
	pipe    float64 // requests a second that fit the link; 0 is no bound
	shared  float64 // the same, of a link that slows each request by all the others; 0 is no bound

	running atomic.Int64
	mu      sync.Mutex
	tokens  float64
	filled  time.Time
	free    time.Time // when the pipe is free again
}

// call makes a request and answers its status.
func (s *service) call() int {
	defer s.running.Add(-1)
	if n := s.running.Add(1); s.atOnce > 0 && n > s.atOnce {
		time.Sleep(s.latency / 10)
		return 503
	}
	if s.rate > 0 && !s.token() {
		time.Sleep(s.latency / 10)
		return 429
	}
	took := s.queue() + s.latency
	if s.shared > 0 {
		took += time.Duration(float64(s.running.Load()) / s.shared * float64(time.Second))
	}
	time.Sleep(took)
	return 200
}

// token takes one from a bucket of a second's worth.
func (s *service) token() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.tokens = min(s.rate, s.tokens+s.rate*now.Sub(s.filled).Seconds())
	s.filled = now
	if s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}

// queue is how long the request waits for the pipe.
func (s *service) queue() time.Duration {
	if s.pipe == 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.free.Before(now) {
		s.free = now
	}
	s.free = s.free.Add(time.Duration(float64(time.Second) / s.pipe))
	return s.free.Sub(now)
}

// simulate lets workers call the service for a while, and counts the successes
// a second after the first ten seconds.
func simulate(s *service, t *Throttle) float64 {
	const warmUp, length = 10 * time.Second, 20 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), warmUp+length)
	defer cancel()
	begin := time.Now()
	var done atomic.Int64
	var workers sync.WaitGroup
	for range t.Most() {
		workers.Go(func() {
			for ctx.Err() == nil && t.acquire(ctx) {
				start := time.Now()
				status := s.call()
				a := b2.Attempt{Call: "b2_upload_file", Units: 1, Status: status, Took: time.Since(start), Sent: 1024}
				if status == 200 {
					if time.Since(begin) > warmUp && ctx.Err() == nil {
						done.Add(1)
					}
				} else {
					a.Err, a.Retry, a.Wait = context.DeadlineExceeded, true, time.Second
				}
				t.Observe(a)
				if a.Retry {
					time.Sleep(a.Wait)
				}
				t.release()
			}
		})
	}
	workers.Wait()
	return float64(done.Load()) / length.Seconds()
}

// TestAutoThreads holds the number of threads that is found against the best
// fixed one, in simulated time.
func TestAutoThreads(t *testing.T) {
	services := map[string]*service{
		"fast link":                  {latency: 40 * time.Millisecond},
		"long link":                  {latency: 100 * time.Millisecond},
		"thin link":                  {latency: 50 * time.Millisecond, pipe: 100},
		"wider link":                 {latency: 100 * time.Millisecond, pipe: 1000},
		"link of a megabyte":         {latency: 20 * time.Millisecond, pipe: 940},
		"shared link":                {latency: 20 * time.Millisecond, shared: 940},
		"refuses above 16 at once":   {latency: 50 * time.Millisecond, atOnce: 16},
		"refuses above 40 at once":   {latency: 50 * time.Millisecond, atOnce: 40},
		"refuses above 500 a second": {latency: 100 * time.Millisecond, rate: 500},
		"refuses above 50 a second":  {latency: 100 * time.Millisecond, rate: 50},
	}
	for name, s := range services {
		t.Run(name, func(t *testing.T) {
			var best float64
			var bestN int
			for _, n := range []int{5, 10, 16, 40, 64, 256} {
				synctest.Test(t, func(*testing.T) {
					if rate := simulate(s.again(), fixedForGood(n)); rate > best {
						best, bestN = rate, n
					}
				})
			}
			synctest.Test(t, func(t *testing.T) {
				auto := AutoThreads()
				rate := simulate(s.again(), auto)
				t.Logf("automatic: %.0f a second with %d threads; the best fixed number: %.0f with %d", rate, auto.Limit(), best, bestN)
				if rate < 0.9*best {
					t.Errorf("%.0f a second, less than 90 %% of %.0f with %d threads", rate, best, bestN)
				}
			})
		})
	}
}

func (s *service) again() *service {
	return &service{latency: s.latency, rate: s.rate, atOnce: s.atOnce, pipe: s.pipe, shared: s.shared}
}

// fixedForGood neither grows nor shrinks.
func fixedForGood(n int) *Throttle {
	t := FixedThreads(n)
	t.hold = time.Now().Add(time.Hour)
	return t
}

// TestFixedThreadsShrinkWhileBusy: a fixed number is not exceeded, shrinks
// while the service refuses, and comes back.
func TestFixedThreadsShrinkWhileBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := FixedThreads(10)
		ok := b2.Attempt{Units: 1, Status: 200, Took: 10 * time.Millisecond}
		for range 100 {
			th.Observe(ok)
			time.Sleep(100 * time.Millisecond)
		}
		if th.Limit() != 10 {
			t.Errorf("the limit is %d after successes, want 10", th.Limit())
		}
		refused := b2.Attempt{Units: 1, Status: 429, Err: context.DeadlineExceeded, Wait: time.Second}
		for range 5 { // of one moment: they count once
			th.Observe(refused)
		}
		if th.Limit() != 7 {
			t.Errorf("the limit is %d after a refusal, want 7", th.Limit())
		}
		time.Sleep(2 * time.Second)
		th.Observe(refused)
		if th.Limit() != 4 {
			t.Errorf("the limit is %d after another, want 4", th.Limit())
		}
		for range 100 {
			th.Observe(ok)
			time.Sleep(100 * time.Millisecond)
		}
		if th.Limit() != 10 {
			t.Errorf("the limit is %d after ten quiet seconds, want 10", th.Limit())
		}
	})
}

// TestThrottleBound: never more at once than the limit, whoever gives up.
func TestThrottleBound(t *testing.T) {
	th := FixedThreads(3)
	var inside, most atomic.Int64
	var workers sync.WaitGroup
	for i := range 50 {
		workers.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if i%5 == 0 {
				cancel() // gives up while it waits, or before
			}
			defer cancel()
			if !th.acquire(ctx) {
				return
			}
			defer th.release()
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Millisecond)
			inside.Add(-1)
		})
	}
	workers.Wait()
	if most.Load() > 3 {
		t.Errorf("%d at once, want at most 3", most.Load())
	}
	if th.used != 0 || len(th.waiting) != 0 {
		t.Errorf("%d slots are taken and %d waited for when all have gone", th.used, len(th.waiting))
	}
}
