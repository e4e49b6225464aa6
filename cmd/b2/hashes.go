package main

import (
	"github.com/bowline-sync/bowline/internal/hashcache"
	"github.com/bowline-sync/bowline/internal/history"
)

// rememberHashes lets a sync that compares by content remember the hashes of
// local files. Without a folder for that, or while another sync uses it, files
// are read each time.
func (j *syncJob) rememberHashes(s *session) (closeCache func()) {
	if *j.compare != "sha1" || j.src.inBucket && j.dst.inBucket {
		return func() {}
	}
	dir, err := history.Dir(j.env.getenv, j.env.home)
	if err != nil {
		s.log.Info("hashes are not remembered", "err", err)
		return func() {}
	}
	cache, err := hashcache.Open(dir)
	if err != nil {
		s.log.Info("hashes are not remembered", "err", err)
		return func() {}
	}
	j.engine.Hashes = cache
	return func() {
		if err := cache.Close(); err != nil {
			s.log.Info("hashes were not remembered", "err", err)
		}
	}
}
