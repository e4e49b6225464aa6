package report

import (
	"cmp"
	"slices"
	"time"
)

// slowestKept is how many files the page names as slow.
const slowestKept = 20

// Slow is a file whose transfer took long.
type Slow struct {
	Kind  string        `json:"kind"`
	Name  string        `json:"name"`
	Bytes int64         `json:"bytes"`
	Took  time.Duration `json:"took"`
}

// slowest keeps the files that took longest, in that order.
type slowest []Slow

func (s *slowest) add(f Slow) {
	if len(*s) == slowestKept && f.Took <= (*s)[slowestKept-1].Took {
		return
	}
	f.Name = clip(f.Name)
	i, _ := slices.BinarySearchFunc(*s, f, func(a, b Slow) int { return cmp.Compare(b.Took, a.Took) })
	*s = slices.Insert(*s, i, f)
	*s = (*s)[:min(len(*s), slowestKept)]
}
