package b2sync

import (
	"fmt"
	"iter"
	"strings"

	"github.com/bowline-sync/bowline/b2"
)

// A pair is one name with what each side has under it. It is good until the
// next one is asked for.
type pair struct {
	name     string
	src, dst *entry // nil where the side has nothing

	// srcCover and dstCover are set when a hole or an exclusion of a whole
	// folder lies over the name: what the side has there is not to be known.
	srcCover, dstCover *entry

	// srcBelow says that the source has names below this one, which is then a
	// folder that exists.
	srcBelow bool
}

// A breakError says that a side's scan ended before the end of the range.
type breakError struct {
	source bool
	after  string // the last name seen, on either side
	err    error
}

func (e *breakError) Error() string {
	side := "destination"
	if e.source {
		side = "source"
	}
	if e.after == "" {
		return fmt.Sprintf("listing the %s failed: %v", side, e.err)
	}
	return fmt.Sprintf("listing the %s broke off after %q: %v", side, e.after, e.err)
}

func (e *breakError) Unwrap() error { return e.err }

// merger joins two ordered streams of entries by name. It knows order, and
// what covers what; it does not decide.
type merger struct {
	pair               pair
	srcCover, dstCover entry
	last               string // the last name given out
}

// merge yields the names of both streams in order, each once. An error of
// either stream ends it at once, because what the failed side has beyond is
// not known (P2); it comes last, as a *breakError.
func merge(src, dst iter.Seq2[*entry, error]) iter.Seq2[*pair, error] {
	return func(yield func(*pair, error) bool) {
		var m merger
		next, stop := iter.Pull2(dst)
		defer stop()
		d, err, more := next()
		for s, srcErr := range src {
			for more && err == nil && srcErr == nil && d.name < s.name {
				if !m.give(yield, nil, d, s) {
					return
				}
				d, err, more = next()
			}
			switch {
			case srcErr != nil:
				yield(nil, &breakError{source: true, after: m.last, err: srcErr})
				return
			case err != nil:
				yield(nil, &breakError{after: m.last, err: err})
				return
			case more && d.name == s.name:
				if !m.give(yield, s, d, nil) {
					return
				}
				d, err, more = next()
			default:
				if !m.give(yield, s, nil, nil) {
					return
				}
			}
		}
		for ; more && err == nil; d, err, more = next() {
			if !m.give(yield, nil, d, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, &breakError{after: m.last, err: err})
		}
	}
}

// give yields one name, unless it is out of order: a stream that goes back
// would make the merge take files for missing. ahead is the source's next
// entry, if it is known.
func (m *merger) give(yield func(*pair, error) bool, s, d, ahead *entry) bool {
	name := ""
	if s != nil {
		name = s.name
	} else {
		name = d.name
	}
	if name <= m.last && m.last != "" {
		yield(nil, &breakError{source: s != nil, after: m.last,
			err: fmt.Errorf("%w: the name %q", b2.ErrListOrder, name)})
		return false
	}
	m.last = name
	m.pair = pair{
		name: name, src: s, dst: d,
		srcCover: cover(&m.srcCover, s, name),
		dstCover: cover(&m.dstCover, d, name),
		srcBelow: ahead != nil && strings.HasPrefix(ahead.name, name),
	}
	return yield(&m.pair, nil)
}

// cover remembers in held the latest entry of a side that speaks of a whole
// folder, and returns it while it lies over name.
func cover(held, e *entry, name string) *entry {
	if e != nil && e.below && !held.covers(name) {
		*held = *e
	}
	if held.covers(name) {
		return held
	}
	return nil
}
