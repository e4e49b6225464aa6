package ui

import (
	"fmt"
	"strings"

	"github.com/bowline-sync/bowline/b2sync"
)

// VerdictMode says when the verdict is given.
type VerdictMode int

// The modes.
const (
	VerdictAuto    VerdictMode = iota // on a terminal always, elsewhere as VerdictChanges
	VerdictAlways                     // after every run
	VerdictChanges                    // when anything was done or went wrong
	VerdictNever
)

var verdictModes = []string{"auto", "always", "changes", "never"}

// ParseVerdictMode reads a value of --verdict, or of whatever else it was given
// by; errors name that.
func ParseVerdictMode(by, s string) (VerdictMode, error) {
	for mode, name := range verdictModes {
		if s == name {
			return VerdictMode(mode), nil
		}
	}
	return 0, fmt.Errorf("%s %q: must be one of %s", by, s, strings.Join(verdictModes, ", "))
}

func (m VerdictMode) String() string { return verdictModes[m] }

// Speaks reports whether a run that ended like this gets a verdict.
func (m VerdictMode) Speaks(o *Outcome, terminal bool) bool {
	switch m {
	case VerdictAlways:
		return true
	case VerdictNever:
		return false
	case VerdictAuto:
		if terminal {
			return true
		}
	}
	return o.Actions() > 0 || !o.OK()
}

// Verdict is the last line of a run: how it ended, what it did, how long it
// took, and what it cost in calls. For example
//
//	done: 1,204 uploaded (3.2 GB), 3 hidden, 0 failed; 1m12s, 45 MB/s; calls: 1,215 A, 12 C, $0.00
func Verdict(o *Outcome) string {
	parts := []string{verdictHead(o) + ": " + strings.Join(verdictCounts(o), ", "), verdictTime(o)}
	if o.Calls.Retries > 0 {
		parts = append(parts, Plural(o.Calls.Retries, "retry", "retries"))
	}
	if calls := verdictCalls(o); calls != "" {
		parts = append(parts, calls)
	}
	if o.DryRun {
		parts = append(parts, verdictPlan(o)...)
	}
	return strings.Join(parts, "; ")
}

// verdictHead says how the run ended.
func verdictHead(o *Outcome) string {
	head := o.Word()
	if by := stoppedBy(o.Err); by != "" {
		head += " by " + by
	}
	switch {
	case !o.DryRun:
		return head
	case head == "done":
		return "dry run, nothing was done"
	default:
		return "dry run, nothing was done, " + head
	}
}

// deeds are the words for the kinds of action: done, and only planned.
var deeds = [...]struct {
	kind        b2sync.Kind
	done, would string
	bytes       bool
}{
	{b2sync.Upload, "uploaded", "upload", true},
	{b2sync.Download, "downloaded", "download", true},
	{b2sync.Copy, "copied", "copy", true},
	{b2sync.Hide, "hidden", "hide", false},
	{b2sync.Delete, "deleted", "delete", false},
	{b2sync.MakeFolder, "made as folders", "make folders:", false},
}

// verdictCounts says what was done, what was left alone and what went wrong.
func verdictCounts(o *Outcome) []string {
	var counts []string
	for _, deed := range deeds {
		tally := o.Done[deed.kind]
		if tally.Count == 0 {
			continue
		}
		text := Count(tally.Count) + " " + deed.done
		if o.DryRun {
			text = deed.would + " " + Count(tally.Count)
			if len(counts) == 0 {
				text = "would " + text
			}
		}
		if deed.bytes {
			text += " (" + Size(tally.Bytes) + ")"
		}
		counts = append(counts, text)
	}
	if len(counts) == 0 {
		counts = append(counts, idle(o))
	}
	if o.Left.Count > 0 {
		counts = append(counts, fmt.Sprintf("at least %s left (%s)", Count(o.Left.Count), Size(o.Left.Bytes)))
	}
	if o.Skipped > 0 {
		counts = append(counts, Count(o.Skipped)+" skipped as newer at the destination")
	}
	if o.Retained > 0 {
		counts = append(counts, Count(o.Retained)+" retained")
	}
	if o.Unhashed > 0 {
		counts = append(counts, Count(o.Unhashed)+" compared without a hash")
	}
	if o.Unverified > 0 {
		counts = append(counts, Count(o.Unverified)+" checked by length only")
	}
	if o.Failed > 0 || o.Word() != "failed" { // "failed: 0 failed" would be a riddle
		counts = append(counts, Count(o.Failed)+" failed")
	}
	if o.Warned > 0 {
		counts = append(counts, Plural(o.Warned, "warning", "warnings"))
	}
	return counts
}

// idle says that no action was taken.
func idle(o *Outcome) string {
	switch {
	case o.Failed > 0 || o.Err != nil:
		return "nothing transferred"
	case o.Same > 0:
		return "nothing to do, " + Count(o.Same) + " the same"
	default:
		return "nothing to do"
	}
}

// verdictTime is the time and, where content went over the wire, the rate.
func verdictTime(o *Outcome) string {
	moved := o.Done[b2sync.Upload].Bytes + o.Done[b2sync.Download].Bytes
	if rate := Rate(moved, o.Took); rate != "" && !o.DryRun {
		return Span(o.Took) + ", " + rate
	}
	return Span(o.Took)
}

// verdictCalls is what was asked of the service, and the price.
func verdictCalls(o *Outcome) string {
	if o.Calls.A+o.Calls.B+o.Calls.C == 0 {
		return ""
	}
	return "calls: " + callsAndCost(o.Calls, o.Prices, o.transferred())
}

// verdictPlan is what doing it would need.
func verdictPlan(o *Outcome) []string {
	if o.Actions() == 0 {
		return nil
	}
	whole := o.Calls.Plus(o.Plan.Calls)
	parts := []string{"doing it: " + callsAndCost(whole, o.Prices, o.Done[b2sync.Download].Bytes)}
	if o.Plan.Stored > 0 {
		parts = append(parts, "storage: "+Size(o.Plan.Stored)+" more"+storageCost(o))
	}
	return parts
}

func storageCost(o *Outcome) string {
	switch {
	case o.Prices == nil:
		return ""
	case o.Prices.StoragePerGBMonth == nil:
		return " (unpriced)"
	}
	month := float64(o.Plan.Stored) / 1e9 * *o.Prices.StoragePerGBMonth
	return " (" + money(month, o.Prices.Currency) + " a month)"
}

// callsAndCost names the classes that were used, then the price.
func callsAndCost(c Calls, p *Prices, downloaded int64) string {
	var parts []string
	for _, class := range []struct {
		n    int64
		name string
	}{{c.A, " A"}, {c.B, " B"}, {c.C, " C"}} {
		if class.n > 0 {
			parts = append(parts, Count(class.n)+class.name)
		}
	}
	if p != nil {
		parts = append(parts, p.Of(c, downloaded).String())
	}
	return strings.Join(parts, ", ")
}
