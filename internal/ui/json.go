package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
)

// The records of --output json, one to a line. docs/events.schema.json
// describes them; a change here is a change there, and in what other programs
// read.
type (
	// record is what all have in common.
	record struct {
		Type string    `json:"type"` // plan, action, failure, warning, note, retry, verdict
		Time time.Time `json:"time"`
	}
	planRecord struct {
		record
		Scanned   int64       `json:"scanned"`
		Compared  int64       `json:"compared"`
		Transfers tallyRecord `json:"transfers"`
	}
	actionRecord struct {
		record
		Kind       string       `json:"kind"` // upload, download, copy, hide, delete, makeFolder
		Name       string       `json:"name"`
		NameBase64 []byte       `json:"nameBase64,omitempty"` // if the name is not UTF-8
		Note       string       `json:"note,omitempty"`       // oldVersion, hideMarker, local
		Bytes      int64        `json:"bytes"`
		VersionID  string       `json:"versionId,omitempty"`
		Source     string       `json:"source,omitempty"`
		DurationMS int64        `json:"durationMs"`
		Result     string       `json:"result"` // done, planned, failed
		Error      *errorRecord `json:"error,omitempty"`
	}
	problemRecord struct {
		record
		Name       string       `json:"name"`
		NameBase64 []byte       `json:"nameBase64,omitempty"`
		Path       string       `json:"path"`
		Error      *errorRecord `json:"error"`
	}
	noteRecord struct {
		record
		Message string `json:"message"`
	}
	retryRecord struct {
		record
		Call   string       `json:"call"`
		Status int          `json:"status"` // 0 without an answer
		WaitMS int64        `json:"waitMs"`
		Error  *errorRecord `json:"error"`
	}
	verdictRecord struct {
		record
		Outcome     string       `json:"outcome"` // done, incomplete, stopped, failed
		Text        string       `json:"text"`
		DryRun      bool         `json:"dryRun"`
		Uploaded    tallyRecord  `json:"uploaded"`
		Downloaded  tallyRecord  `json:"downloaded"`
		Copied      tallyRecord  `json:"copied"`
		Hidden      int64        `json:"hidden"`
		Deleted     tallyRecord  `json:"deleted"`
		FoldersMade int64        `json:"foldersMade"`
		Failed      int64        `json:"failed"`
		Warnings    int64        `json:"warnings"`
		Skipped     int64        `json:"skipped"`
		Same        int64        `json:"same"`
		Unhashed    int64        `json:"unhashed"`
		Left        tallyRecord  `json:"left"`
		Retained    int64        `json:"retained"`
		Unverified  int64        `json:"unverified"`
		Started     time.Time    `json:"started"`
		DurationMS  int64        `json:"durationMs"`
		Calls       callsRecord  `json:"calls"`
		Cost        *costRecord  `json:"cost,omitempty"`
		Estimate    *estimate    `json:"estimate,omitempty"` // of a dry run
		Error       *errorRecord `json:"error,omitempty"`
	}
	tallyRecord struct {
		Count int64 `json:"count"`
		Bytes int64 `json:"bytes"`
	}
	callsRecord struct {
		A        int64 `json:"a"`
		B        int64 `json:"b"`
		C        int64 `json:"c"`
		Requests int64 `json:"requests"`
		Retries  int64 `json:"retries"`
	}
	costRecord struct {
		Least    float64  `json:"least"`
		Most     float64  `json:"most"`
		Currency string   `json:"currency"`
		Unpriced []string `json:"unpriced,omitempty"`
	}
	estimate struct {
		Calls       callsRecord `json:"calls"`
		Cost        *costRecord `json:"cost,omitempty"`
		StoredBytes int64       `json:"storedBytes"`
	}
	errorRecord struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
)

// JSONConfig says where and how a run is told to programs.
type JSONConfig struct {
	Stdout io.Writer
	DryRun bool
	// Sources also tell the totals of the plan, once both sides were seen, and
	// the retries.
	Sources
}

// JSON tells a run as lines of JSON. It is a [b2sync.Listener]; Close ends it.
type JSON struct {
	cfg     JSONConfig
	out     *stream
	mu      sync.Mutex // guards planned
	planned bool       // the plan's totals were told
}

// NewJSON starts telling a run. The caller calls Close when the run has ended,
// whatever happens.
func NewJSON(cfg JSONConfig) *JSON {
	j := &JSON{cfg: cfg, out: newStream(cfg.Stdout)}
	if cfg.Meter != nil {
		cfg.Meter.OnAttempt(j.retry)
	}
	return j
}

// Event writes the record of an event.
func (j *JSON) Event(e b2sync.Event) {
	j.plan(false)
	switch e := e.(type) {
	case b2sync.ActionDone:
		j.write(j.action(e))
	case b2sync.Problem:
		kind := "failure"
		if e.Warning {
			kind = "warning"
		}
		j.write(problemRecord{j.record(kind), e.Name, oddName(e.Name), e.Path, errorOf(e.Err)})
	case b2sync.Remark:
		j.write(noteRecord{j.record("note"), e.Text})
	}
}

func (j *JSON) action(e b2sync.ActionDone) actionRecord {
	result := "done"
	switch {
	case e.Err != nil:
		result = "failed"
	case j.cfg.DryRun:
		result = "planned"
	}
	return actionRecord{
		record: j.record("action"), Kind: kindName(e.Kind), Name: e.Name, NameBase64: oddName(e.Name), Note: noteName(e.Note),
		Bytes: e.Size, VersionID: e.Version, Source: e.Source,
		DurationMS: e.Took.Milliseconds(), Result: result, Error: errorOf(e.Err),
	}
}

func (j *JSON) retry(a b2.Attempt) {
	if !a.Retry {
		return
	}
	j.write(retryRecord{j.record("retry"), a.Call, a.Status, a.Wait.Milliseconds(), errorOf(a.Err)})
}

// plan tells the totals of the plan, once: as soon as both sides were seen to
// their end, at the latest at the end of the run.
func (j *JSON) plan(end bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.planned || j.cfg.Progress == nil {
		return
	}
	p := j.cfg.Progress()
	if !p.Listed && !end {
		return
	}
	j.planned = true
	j.write(planRecord{j.record("plan"), p.Scanned, p.Compared, tallyRecord(p.ToDo)})
}

// Close writes the plan's totals if they are still to be told, and the verdict.
// It returns an error if standard output could not be written, except when its
// reader went away.
func (j *JSON) Close(s b2sync.Summary) error {
	j.plan(true)
	j.write(j.verdict(j.cfg.Outcome(s)))
	if err := j.out.close(); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// Leave ends the telling without a word, in place of Close.
func (j *JSON) Leave() { j.out.flush() }

func (j *JSON) verdict(o *Outcome) verdictRecord {
	v := verdictRecord{
		record: j.record("verdict"), Outcome: o.Word(), Text: Verdict(o), DryRun: o.DryRun,
		Uploaded:   tallyRecord(o.Done[b2sync.Upload]),
		Downloaded: tallyRecord(o.Done[b2sync.Download]),
		Copied:     tallyRecord(o.Done[b2sync.Copy]),
		Hidden:     o.Done[b2sync.Hide].Count,
		Deleted:    tallyRecord(o.Done[b2sync.Delete]), FoldersMade: o.Done[b2sync.MakeFolder].Count,
		Failed: o.Failed, Warnings: o.Warned, Skipped: o.Skipped, Same: o.Same, Unhashed: o.Unhashed, Left: tallyRecord(o.Left), Retained: o.Retained, Unverified: o.Unverified,
		Started: o.Started.UTC(), DurationMS: o.Took.Milliseconds(),
		Calls: callsRecord(o.Calls), Cost: costOf(o.Prices, o.Calls, o.transferred()), Error: errorOf(o.Err),
	}
	if o.DryRun {
		whole := o.Calls.Plus(o.Plan.Calls)
		v.Estimate = &estimate{callsRecord(whole), costOf(o.Prices, whole, o.Done[b2sync.Download].Bytes), o.Plan.Stored}
	}
	return v
}

func (j *JSON) record(kind string) record { return record{kind, time.Now().UTC()} }

func (j *JSON) write(record any) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(record); err != nil {
		panic(err) // records are made of numbers and strings
	}
	j.out.line(func(dst []byte) []byte { return append(dst, bytes.TrimSuffix(line.Bytes(), []byte("\n"))...) })
}

func kindName(k b2sync.Kind) string {
	return [...]string{"upload", "download", "copy", "hide", "delete", "makeFolder"}[k]
}

func noteName(n b2sync.Note) string {
	return [...]string{"", "oldVersion", "hideMarker", "local"}[n]
}

// oddName is the bytes of a name that JSON cannot hold.
func oddName(name string) []byte {
	if utf8.ValidString(name) {
		return nil
	}
	return []byte(name)
}

// errorOf is an error for programs: the service's own code where it has one.
func errorOf(err error) *errorRecord {
	if err == nil {
		return nil
	}
	return &errorRecord{errorCode(err), err.Error()}
}

func errorCode(err error) string {
	if e, ok := errors.AsType[*b2.Error](err); ok && e.Code != "" {
		return e.Code
	}
	switch {
	case stoppedBy(err) != "":
		return "stopped"
	case errors.Is(err, fs.ErrNotExist):
		return "not_found"
	case errors.Is(err, fs.ErrPermission):
		return "permission_denied"
	}
	return "error"
}

func costOf(p *Prices, c Calls, downloaded int64) *costRecord {
	if p == nil {
		return nil
	}
	cost := p.Of(c, downloaded)
	return &costRecord{cost.Least, cost.Most, cost.Currency, cost.Unpriced}
}
