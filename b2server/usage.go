package b2server

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// usage counts what the account used on the present UTC day of the clock.
type usage struct {
	mu             sync.Mutex
	day            int64 // days since 1970
	classB, classC int64
	download       int64

	stored atomic.Int64 // bytes of all versions and parts
}

func utcDay(t time.Time) int64 { return t.Unix() / 86_400 }

// today resets the counters when a day has begun. The caller holds mu.
func (u *usage) today(now time.Time) {
	if day := utcDay(now); day != u.day {
		u.day, u.classB, u.classC, u.download = day, 0, 0, 0
	}
}

// count charges a call to its class, unless that is used up.
func (c *call) count(class wire.Class) error {
	if c.s.cfg.Caps.ClassB <= 0 && c.s.cfg.Caps.ClassC <= 0 {
		return nil
	}
	u := &c.s.usage
	u.mu.Lock()
	defer u.mu.Unlock()
	u.today(c.now)
	switch {
	case class == wire.ClassB && !take(&u.classB, c.s.cfg.Caps.ClassB),
		class == wire.ClassC && !take(&u.classC, c.s.cfg.Caps.ClassC):
		return fail(http.StatusForbidden, wire.CodeTransactionCap, "Transaction cap exceeded, see the Caps & Alerts page to increase your cap.")
	}
	return nil
}

func take(used *int64, most int64) bool {
	if most > 0 && *used >= most {
		return false
	}
	*used++
	return true
}

// listed charges a listing for every started thousand of entries beyond the
// first.
func (c *call) listed(entries int) {
	if c.s.cfg.Caps.ClassC <= 0 || entries <= 1000 {
		return
	}
	c.s.usage.mu.Lock()
	defer c.s.usage.mu.Unlock()
	c.s.usage.classC += int64((entries - 1) / 1000)
}

// downloadCap charges n bytes of download.
func (c *call) downloadCap(n int64) error {
	most := c.s.cfg.Caps.Download
	if most <= 0 {
		return nil
	}
	u := &c.s.usage
	u.mu.Lock()
	defer u.mu.Unlock()
	u.today(c.now)
	if u.download+n > most {
		return fail(http.StatusForbidden, wire.CodeDownloadCap, "Download cap exceeded, see the Caps & Alerts page to increase your cap.")
	}
	u.download += n
	return nil
}

// storageCap refuses content that would not fit, and everything in the test
// mode that asks for that.
func (c *call) storageCap(n int64) error {
	if c.testMode(wire.TestForceCap) {
		return capExceeded()
	}
	if most := c.s.cfg.Caps.Storage; most > 0 && c.s.usage.stored.Load()+n > most {
		return fail(http.StatusForbidden, wire.CodeStorageCap, "Storage cap exceeded, see the Caps & Alerts page to increase your cap.")
	}
	return nil
}

func capExceeded() *apiError {
	return fail(http.StatusForbidden, wire.CodeCap, "Cap exceeded, see the Caps & Alerts page to increase your cap.")
}

// measure adds up what is stored, for the storage cap.
func (s *Server) measure() error {
	return s.store.View(func(tx Tx) error {
		var total int64
		var v version
		cur := tx.Cursor(tableVersions)
		for key, raw := cur.Seek(nil); key != nil; key, raw = cur.Next() {
			if err := v.decode(key, raw); err != nil {
				return err
			}
			if !v.Large {
				total += v.Size
			}
		}
		cur = tx.Cursor(tableParts)
		for key, raw := cur.Seek(nil); key != nil; key, raw = cur.Next() {
			p, err := decodePart(key, raw)
			if err != nil {
				return err
			}
			total += p.Size
		}
		s.usage.stored.Store(total)
		return nil
	})
}

// throttle shares a bandwidth among all who move content.
type throttle struct {
	perSecond int64
	mu        sync.Mutex
	free      time.Time // when the line is free again
}

// wait takes the time that n bytes take on the line.
func (t *throttle) wait(ctx context.Context, n int) {
	if t.perSecond <= 0 || n == 0 {
		return
	}
	t.mu.Lock()
	now := time.Now()
	if t.free.Before(now) {
		t.free = now
	}
	t.free = t.free.Add(time.Duration(float64(n) / float64(t.perSecond) * float64(time.Second)))
	until := t.free.Sub(now)
	t.mu.Unlock()
	sleep(ctx, until)
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
