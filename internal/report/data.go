package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bowline-sync/bowline/internal/ui"
)

// Data is what a page is made of. It is bounded, however big the run was.
type Data struct {
	Source      string        `json:"source"`
	Destination string        `json:"destination"`
	Started     time.Time     `json:"started"`
	Took        time.Duration `json:"took"`
	DryRun      bool          `json:"dryRun,omitempty"`
	Outcome     string        `json:"outcome"` // done, incomplete, stopped or failed
	Verdict     string        `json:"verdict"`
	Error       string        `json:"error,omitempty"` // why the run ended early

	Kinds    []Kind     `json:"kinds"`
	Sizes    []SizeBand `json:"sizes"`
	Timeline *Timeline  `json:"timeline"`
	Folders  []Folder   `json:"folders"`
	Others   Folder     `json:"others"` // folders that are not named
	Slowest  []Slow     `json:"slowest"`

	Failures []Line `json:"failures"` // the first ones
	Failed   int64  `json:"failed"`
	Warnings []Line `json:"warnings"` // the first ones
	Warned   int64  `json:"warned"`
	Notes    []Line `json:"notes"`

	Calls   []Call         `json:"calls"`
	Retries []Retry        `json:"retries"`
	Bill    []ui.ClassBill `json:"bill,omitempty"`
	Cost    string         `json:"cost,omitempty"`
	Prices  string         `json:"prices,omitempty"` // where the prices come from
}

// Kind is how many actions of a kind there were.
type Kind struct {
	Name   string `json:"name"`
	Count  int64  `json:"count"`
	Bytes  int64  `json:"bytes"`
	Failed int64  `json:"failed"`
}

// SizeBand is how many files of about one size were transferred.
type SizeBand struct {
	Label string `json:"label"`
	Count int64  `json:"count"`
	Bytes int64  `json:"bytes"`
}

// Line is a name and what is to be said of it.
type Line struct {
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}

// Call is how often a call was made.
type Call struct {
	Name     string `json:"name"`
	Class    string `json:"class"`
	Units    int64  `json:"units"` // as it is billed
	Requests int64  `json:"requests"`
	Retries  int64  `json:"retries"`
}

// Retry is how often a call failed in one way and was tried again.
type Retry struct {
	Call  string `json:"call"`
	Why   string `json:"why"`
	Count int64  `json:"count"`
}

// longest is how much of a name or a message a page shows.
const longest = 300

// clip shortens a text to what a page shows.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= longest {
		return strings.Clone(s)
	}
	end := longest
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Pack makes the data small, to be kept.
func (d *Data) Pack() ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := json.NewEncoder(z).Encode(d); err != nil {
		return nil, err
	}
	err := z.Close()
	return packed.Bytes(), err
}

// maxUnpacked bounds what is read of packed data.
const maxUnpacked = 16 << 20

// Unpack reads what Pack made.
func Unpack(packed []byte) (*Data, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("the kept report cannot be read: %w", err)
	}
	d := &Data{}
	if err := json.NewDecoder(io.LimitReader(z, maxUnpacked)).Decode(d); err != nil {
		return nil, fmt.Errorf("the kept report cannot be read: %w", err)
	}
	if d.Timeline == nil {
		d.Timeline = newTimeline()
	}
	return d, nil
}
