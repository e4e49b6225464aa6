package b2server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Maintain runs the lifecycle rules if a UTC day of the clock has begun since
// they last ran. It is safe to call at any time; concurrent calls wait for each
// other.
func (s *Server) Maintain(ctx context.Context) error {
	s.maintenance.Lock()
	defer s.maintenance.Unlock()
	now := s.cfg.Clock()
	if utcDay(now) == s.maintained {
		return nil
	}
	for _, b := range s.buckets.all() {
		for i := range b.Lifecycle {
			if err := s.runRule(ctx, b, &b.Lifecycle[i], now); err != nil {
				return err
			}
		}
	}
	return s.setMaintained(utcDay(now))
}

var maintainedKey = []byte("maintained")

// loadMaintained reads the UTC day on which the lifecycle rules ran, which is
// kept in the store: a server that never runs at midnight must run them too.
func (s *Server) loadMaintained() error {
	var day int64
	err := s.store.View(func(tx Tx) error {
		if raw := tx.Get(tableMeta, maintainedKey); raw != nil {
			return json.Unmarshal(raw, &day)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading when the lifecycle rules ran: %w", err)
	}
	if day == 0 { // a store without rules yet
		return s.setMaintained(utcDay(s.cfg.Clock()))
	}
	s.maintained = day
	return nil
}

func (s *Server) setMaintained(day int64) error {
	err := s.store.Update(func(tx Tx) error {
		return tx.Put(tableMeta, maintainedKey, strconv.AppendInt(nil, day, 10))
	})
	if err == nil {
		s.maintained = day
	}
	return err
}

// maintainAlways calls Maintain at once and then from time to time until ctx
// ends.
func (s *Server) maintainAlways(ctx context.Context) {
	ticker := time.NewTicker(s.cfg.MaintainEvery)
	defer ticker.Stop()
	for {
		if err := s.Maintain(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("lifecycle rules did not run to their end", slog.Any("error", err))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// due is what a rule does to one version.
type due struct {
	key  []byte
	hide bool // else delete
}

// runRule applies a rule to all names under its prefix, a batch at a time, so
// that neither memory nor the time that the index is held grows with the
// bucket.
func (s *Server) runRule(ctx context.Context, b *bucket, r *wire.LifecycleRule, now time.Time) error {
	raw, _ := rawBucket(b.ID)
	from := append(bytes.Clone(raw), r.FileNamePrefix...)
	for from != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		var batch []due
		var err error
		if batch, from, err = s.collectDue(raw, from, r, now); err != nil {
			return err
		}
		for _, d := range slices.Backward(batch) { // the oldest of a name first, its marker last
			if err := s.applyDue(b, d, r, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// collectDue looks at names from a key on, and answers where to go on; nil is
// the end. It always looks at all versions of a name together.
func (s *Server) collectDue(bucket, from []byte, r *wire.LifecycleRule, now time.Time) (batch []due, next []byte, err error) {
	const maxBatch, maxLook = 1000, 10_000
	within := append(bytes.Clone(bucket), r.FileNamePrefix...)
	err = s.store.View(func(tx Tx) error {
		cur := tx.Cursor(tableVersions)
		var name []byte // the name being looked at, with its bucket
		var newer *version
		looked := 0
		for key, raw := cur.Seek(from); bytes.HasPrefix(key, within); key, raw = cur.Next() {
			if start := keyName(key); !bytes.Equal(start, name) {
				if len(batch) >= maxBatch || looked >= maxLook {
					next = bytes.Clone(key)
					return nil
				}
				name, newer = start, nil
			}
			looked++
			v := new(version)
			if err := v.decode(key, raw); err != nil {
				return err
			}
			if d, ok := dueNow(v, newer, r, now); ok {
				d.key = bytes.Clone(key)
				batch = append(batch, d)
			}
			if v.Action != actionStart {
				newer = v
			}
		}
		return nil
	})
	return batch, next, err
}

// dueNow says what a rule does to v, whose next newer finished version is
// newer (nil when v is the newest).
//
//	unfinished      cancelled daysFromStartingToCanceling after its start
//	newest, upload  hidden daysFromUploadingToHiding after its upload
//	older           deleted daysFromHidingToDeleting after newer was made
//	newest, marker  deleted so long after it was made; by then all below it is gone
func dueNow(v, newer *version, r *wire.LifecycleRule, now time.Time) (d due, ok bool) {
	switch {
	case v.Action == actionStart:
		return due{}, passed(v.Time, r.DaysFromStartingToCanceling, now)
	case newer != nil:
		return due{}, passed(newer.Time, r.DaysFromHidingToDeleting, now)
	case v.Action == actionHide:
		return due{}, passed(v.Time, r.DaysFromHidingToDeleting, now)
	}
	return due{hide: true}, passed(v.Time, r.DaysFromUploadingToHiding, now)
}

// passed says whether so many days are over since ms. It divides, because
// clients may ask for more days than a time.Duration holds.
func passed(ms int64, days *int, now time.Time) bool {
	const day = 24 * 60 * 60 * 1000
	return days != nil && (now.UnixMilli()-ms)/day >= int64(*days)
}

// applyDue hides or deletes one version, if it is still there and nothing
// protects it.
func (s *Server) applyDue(b *bucket, d due, r *wire.LifecycleRule, now time.Time) error {
	if d.hide {
		name, _ := splitVersionKey(d.key)
		marker, err := s.hide(b.ID, string(name), now.UnixMilli())
		if _, refused := err.(*apiError); refused { // somebody was faster
			return nil
		}
		if err == nil {
			s.notifier.send(b, eventHideLifecycle, marker, now)
		}
		return err
	}
	var gone *removal
	err := s.store.Update(func(tx Tx) error {
		gone = nil
		raw := tx.Get(tableVersions, d.key)
		if raw == nil {
			return nil
		}
		v := new(version)
		if err := v.decode(d.key, raw); err != nil {
			return err
		}
		if v.Lock.protects(now, false) != nil {
			return nil
		}
		if v.Action == actionHide && hidesSomething(tx, d.key) {
			return nil
		}
		var err error
		gone, err = remove(tx, v)
		return err
	})
	if err != nil || gone == nil {
		return err
	}
	s.removed(gone)
	if gone.version.Action == actionUpload {
		s.notifier.send(b, eventDeleteLifecycle, gone.version, now)
	}
	return nil
}

// hidesSomething says whether a marker still has older versions below it, as
// when one of them is protected: without the marker they would show again.
func hidesSomething(tx Tx, marker []byte) bool {
	cur := tx.Cursor(tableVersions)
	cur.Seek(marker)
	older, _ := cur.Next()
	return older != nil && bytes.HasPrefix(older, marker[:len(marker)-8])
}
