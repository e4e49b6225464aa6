package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/bowline-sync/bowline/b2sync"
)

// status is what the status block shows at one moment.
type status struct {
	b2sync.Progress
	rate    float64 // bytes per second
	waiting bool
	wait    Waiting
	flying  []b2sync.Transfer // the oldest first
	now     time.Time
}

// lines is the block for a terminal of so many columns; no line is wider.
func (s *status) lines(columns int) []string {
	first := fitting(columns, s.transfers()...)
	if room := columns - runewidth.StringWidth(first) - len(" [] "); s.ToDo.Count > 0 && room >= barLeast {
		first = bar(s.share(), min(room, barMost)) + " " + first
	}
	lines := []string{first, fitting(columns, s.scans()...)}
	if s.waiting && s.now.Sub(s.wait.Since) >= calm {
		lines[1] = fitting(columns, s.waits()...)
	}
	if slow := s.slow(); len(slow) > 0 {
		lines = append(lines, fitting(columns, slow...))
	}
	return lines
}

// transfers says how far the transfers are, the most important first.
func (s *status) transfers() []string {
	if s.ToDo.Count == 0 {
		return []string{"nothing to transfer so far"}
	}
	more := "+" // more may be found
	if s.Listed {
		more = ""
	}
	parts := []string{fmt.Sprintf("%s of %s%s files", Count(s.Done.Count), Count(s.ToDo.Count), more)}
	if s.ToDo.Bytes > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s%s", Size(s.Done.Bytes), Size(s.ToDo.Bytes), more))
	}
	if s.rate >= 1 {
		parts = append(parts, Size(int64(s.rate))+"/s")
	}
	if left, known := s.left(); known {
		parts = append(parts, Span(left)+" left")
	}
	return parts
}

// left is the time that the rest takes at the rate of the last seconds.
func (s *status) left() (time.Duration, bool) {
	rest := s.ToDo.Bytes - s.Done.Bytes
	if !s.Listed || rest <= 0 || s.rate < 1 {
		return 0, false
	}
	seconds := float64(rest) / s.rate
	if seconds > (100 * 24 * time.Hour).Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second), true
}

// share is how much is done, from 0 to 1: of the bytes, or of the files where
// all are empty.
func (s *status) share() float64 {
	done, todo := s.Done.Bytes, s.ToDo.Bytes
	if todo == 0 {
		done, todo = s.Done.Count, s.ToDo.Count
	}
	if todo == 0 {
		return 0
	}
	return min(1, max(0, float64(done)/float64(todo)))
}

// scans says how far the comparison is.
func (s *status) scans() []string {
	parts := []string{Count(s.Scanned) + " scanned", Count(s.Compared) + " compared"}
	if s.Failed > 0 {
		parts = append([]string{Count(s.Failed) + " failed"}, parts...)
	}
	if len(s.flying) > 0 {
		parts = append(parts, Count(int64(len(s.flying)))+" in flight")
	}
	return parts
}

// calm is how long something lasts before it is shown: the name of a transfer,
// or that the service is waited for. What comes and goes at once is no help.
const calm = 2 * time.Second

// slow names the transfers that have been under way for a while, and says how
// far they are.
func (s *status) slow() []string {
	var names []string
	for _, t := range s.flying {
		if s.now.Sub(t.Started) < calm {
			break
		}
		name := escaped(t.Name, true)
		if t.Size > 0 {
			name += fmt.Sprintf(" %d%%", int(100*float64(min(max(t.Moved, 0), t.Size))/float64(t.Size)))
		}
		names = append(names, name)
	}
	return names
}

// waits says that the service keeps the run waiting, and why.
func (s *status) waits() []string {
	parts := []string{"waiting for the service for " + Span(s.now.Sub(s.wait.Since).Round(time.Second))}
	if next := s.wait.Until.Sub(s.now); next > 0 {
		parts = append(parts, "next try in "+Span(next.Round(time.Second)))
	}
	switch why := s.wait.Why; {
	case why.Status != 0:
		parts = append(parts, strings.TrimRight(fmt.Sprintf("%d %s", why.Status, escaped(why.Code, true)), " "))
	case why.Err != nil:
		parts = append(parts, "no answer")
	}
	return parts
}

// fitting joins the parts with commas, as many as fit; the first one is cut if
// it has to be.
func fitting(columns int, parts ...string) string {
	if columns < 1 {
		return ""
	}
	line := runewidth.Truncate(parts[0], columns, "…")
	for _, part := range parts[1:] {
		if runewidth.StringWidth(line)+2+runewidth.StringWidth(part) > columns {
			break
		}
		line += ", " + part
	}
	return line
}

const barLeast, barMost = 8, 30 // columns inside the brackets

// bar draws a share of 1 as a bar with so many columns inside its brackets.
func bar(share float64, columns int) string {
	full := int(share * float64(columns))
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", columns-full) + "]"
}
