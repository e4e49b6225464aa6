package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
)

// noteLifecycle tells, once, that the destination bucket's own rules are
// quicker than --keep-days. The bucket is looked at only after a run that
// changed something, so that an idle one stays silent and costs no more.
func (j *syncJob) noteLifecycle(ctx context.Context, s *session, run *b2sync.Summary, tell b2sync.Listener) {
	if !j.keepDays.set || run.Actions() == 0 || run.Err != nil || ctx.Err() != nil {
		return
	}
	bucket := j.lookAt(ctx, s)
	if bucket == nil {
		return
	}
	if note := quickerRules(bucket.LifecycleRules, j.dst.prefix, j.keepDays.value); note != "" {
		tell.Event(b2sync.Remark{Text: fmt.Sprintf("the bucket %s has lifecycle rules of its own that are quicker than --keep-days %v: %s",
			bucket.BucketName, j.keepDays.value, note)})
	}
}

// lookAt is the record of the destination bucket: that of an earlier look in
// this run, or a new one if the key may. A run whose calls are limited does
// without.
func (j *syncJob) lookAt(ctx context.Context, s *session) *b2.Bucket {
	if seen := s.seen[j.dst.bucket]; seen != nil {
		return seen
	}
	account, err := s.Account(ctx)
	if err != nil || !account.Allowed.Can("listBuckets") {
		return nil
	}
	if limits, err := j.record.limits(); err != nil || len(limits) > 0 {
		return nil
	}
	bucket, err := s.look(ctx, j.dst.bucket)
	if err != nil {
		s.log.Info("the lifecycle rules of the bucket are not known", "err", err)
	}
	return bucket
}

// quickerRules says what rules do to names below a prefix before their days are
// over; "" for nothing.
func quickerRules(rules []b2.LifecycleRule, prefix string, days float64) string {
	if prefix != "" {
		prefix += "/"
	}
	var parts []string
	for _, r := range rules {
		if !strings.HasPrefix(r.FileNamePrefix, prefix) && !strings.HasPrefix(prefix, r.FileNamePrefix) {
			continue
		}
		names := "files"
		if r.FileNamePrefix != "" {
			names = fmt.Sprintf("files whose names begin with %q", r.FileNamePrefix)
		}
		if n := r.DaysFromUploadingToHiding; n != nil && float64(*n) < days {
			parts = append(parts, fmt.Sprintf("%s are hidden %s after the upload", names, dayCount(*n)))
		}
		if n := r.DaysFromHidingToDeleting; n != nil && float64(*n) < days {
			parts = append(parts, fmt.Sprintf("old versions of %s are deleted after %s", names, dayCount(*n)))
		}
	}
	return strings.Join(slices.Compact(parts), "; ")
}

func dayCount(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
