package hashcache

import (
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"
)

var (
	about     = []byte("about") // the bucket of what is known of the cache itself
	lastSweep = []byte("sweep") // when it was last swept, in seconds
)

// sweep forgets the files that no run has seen for long, unless that was done
// lately.
func (c *Cache) sweep() error {
	now := c.now()
	return c.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(about)
		if err != nil {
			return err
		}
		if last := b.Get(lastSweep); len(last) == 8 {
			if since := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(last)), 0)); since >= 0 && since < sweepEach {
				return nil
			}
		}
		if err := b.Put(lastSweep, binary.BigEndian.AppendUint64(nil, uint64(now.Unix()))); err != nil {
			return err
		}
		return forget(tx.Bucket(hashes), now.Add(-keepFor))
	})
}

// forget drops what was last seen before a time. The keys are collected first,
// because a cursor does not stand deletes well.
func forget(b *bbolt.Bucket, before time.Time) error {
	var old []key
	err := b.ForEach(func(k, v []byte) error {
		if e := new(entry); !e.read(v) || e.seen().Before(before) {
			old = append(old, key(k))
		}
		return nil
	})
	for _, k := range old {
		if err == nil {
			err = b.Delete(k[:])
		}
	}
	return err
}
