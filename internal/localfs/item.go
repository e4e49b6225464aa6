package localfs

import (
	"math"
	"time"
)

// Kind is what a scan found under a name.
type Kind uint8

// The kinds of item.
const (
	File     Kind = iota // a regular file, or a link that counts as one
	Folder               // a folder that the scan enters
	Excluded             // a name that the caller or the link policy leaves out
	Hole                 // a name that could not be seen; Err says why
	Special              // a pipe, a socket or a device; Err wraps ErrNotFile
)

// String is the kind's name, for messages of tests.
func (k Kind) String() string {
	return [...]string{"File", "Folder", "Excluded", "Hole", "Special"}[k]
}

// An Item is what a scan found under one name.
//
// A Name that ends in "/" speaks of that folder: as a Folder, that it exists
// and is entered; as a Hole or Excluded, that nothing is known of all that may
// be below it. A name of which not even the kind is known (a link that leads
// nowhere) makes two holes, "d" and "d/", each in its own place.
type Item struct {
	Name string // relative to the root, with slashes
	Kind Kind
	// Link is set for a file that is reached by a symbolic link of that name.
	// Size and times are the target's.
	Link      bool
	Size      int64 // bytes; of a File only, as all that follows but Err
	ModTime   int64 // milliseconds since the epoch, see ModTimeMillis
	ModTimeNS int64 // nanoseconds since the epoch; wraps around outside of 1678 to 2262

	// What tells one state of one file from another; 0 where the system does
	// not say.
	CTimeNS  int64 // last change of content or attributes, nanoseconds
	Dev, Ino uint64

	// Err says why a Hole or a Special is one. It carries the full path.
	Err error
}

// ModTimeMillis is a modification time in milliseconds since the epoch, to the
// bit as Python and so the reference computes it: by way of a float64 of
// seconds, truncated. Cutting off the nanoseconds instead would differ by one
// for some times, and the two programs would send each other's files again.
func ModTimeMillis(sec, nsec int64) int64 {
	// The conversions keep the compiler from fusing the product and the sum
	// into one instruction, which rounds once instead of twice.
	fraction := float64(1e-9 * float64(nsec))
	return int64(float64(float64(sec)+fraction) * 1000)
}

// The modification times that a file can be given, in milliseconds since the
// epoch. They begin in 1901, before which ext4 and XFS know no time, and end in
// 2262 with what 64 bits of nanoseconds can say, which is how the os package
// hands times on.
const (
	FirstModTime = math.MinInt32 * 1000
	LastModTime  = math.MaxInt64/int64(time.Millisecond) - 1
)

// timeOfMillis is a time that ModTimeMillis takes to be ms, as near to it as
// can be: a file that is written with it reads back as ms. What no file can be
// given becomes the nearest that one can.
func timeOfMillis(ms int64) time.Time {
	ms = min(max(ms, FirstModTime), LastModTime)
	t := time.UnixMilli(ms)
	// A float that falls short of the millisecond is truncated to the one
	// before. One microsecond is more than a float64 of seconds can lose, for
	// some centuries; before 1970 it is lost on the other side.
	for _, shift := range []time.Duration{0, time.Microsecond, -time.Microsecond} {
		near := t.Add(shift)
		if ModTimeMillis(near.Unix(), int64(near.Nanosecond())) == ms {
			return near
		}
	}
	return t
}
