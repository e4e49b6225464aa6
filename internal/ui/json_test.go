package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
)

var eventSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile("../../docs/events.schema.json")
})

// validLines reads what was printed and checks every line against the schema.
func validLines(t *testing.T, out []byte) []map[string]any {
	t.Helper()
	schema, err := eventSchema()
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]any
	for line := range bytes.Lines(out) {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}

// everyEvent is one of each kind that the engine can report.
func everyEvent() []b2sync.Event {
	var events []b2sync.Event
	for kind := b2sync.Upload; kind <= b2sync.MakeFolder; kind++ {
		for note := b2sync.NoteNone; note <= b2sync.NoteLocal; note++ {
			for _, err := range []error{nil, fs.ErrPermission, &b2.Error{Call: "b2_hide_file", Status: 400, Code: "bad_request"}} {
				events = append(events, b2sync.ActionDone{
					Action: b2sync.Action{Kind: kind, Name: "a/<b>&\n\xff", Note: note, Size: 12, Version: "4_z1"},
					Took:   1500 * time.Millisecond, Err: err, Source: "/src/a"})
			}
		}
	}
	return append(events,
		b2sync.ActionDone{},
		b2sync.Problem{Name: "x", Path: "/src/x", Err: fs.ErrNotExist, Warning: true},
		b2sync.Problem{Err: errors.New("is newer")},
		b2sync.Remark{Text: "3 removals wait"})
}

func TestEveryEventFollowsTheSchema(t *testing.T) {
	for _, run := range []b2sync.Summary{
		{}, {DryRun: true}, {Failed: 1}, {Err: context.Canceled}, {Err: errors.New("no such bucket"), Started: time.Now()},
	} {
		for _, bare := range []bool{false, true} {
			var out bytes.Buffer
			cfg := JSONConfig{Stdout: &out, DryRun: run.DryRun}
			var meter Meter
			if !bare {
				cfg.Meter, cfg.Prices, cfg.Plan = &meter, DefaultPrices(), NewEstimator(0).Plan
				cfg.Progress = func() b2sync.Progress { return b2sync.Progress{Scanned: 4, Listed: true} }
			}
			j := NewJSON(cfg)
			for _, e := range everyEvent() {
				j.Event(e)
			}
			meter.Observe(b2.Attempt{Call: "b2_upload_file", Class: 'A', Units: 1, Status: 503, Retry: true,
				Err: &b2.Error{Status: 503, Code: "service_unavailable"}, Wait: time.Second})
			if err := j.Close(run); err != nil {
				t.Fatal(err)
			}
			records := validLines(t, out.Bytes())
			if last := records[len(records)-1]; last["type"] != "verdict" {
				t.Errorf("the last record is %v", last)
			}
		}
	}
}

func TestSchemaRefusesOtherRecords(t *testing.T) {
	schema, err := eventSchema()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`{}`,
		`{"type":"note","time":"2026-01-02T03:04:05Z","message":"x","extra":1}`,
		`{"type":"note","time":"2026-01-02T03:04:05Z"}`,
		`{"type":"plan","time":"2026-01-02T03:04:05Z","scanned":-1,"compared":0,"transfers":{"count":0,"bytes":0}}`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("%s is valid", line)
		}
	}
}

func TestJSONKeepsNamesWhole(t *testing.T) {
	var out bytes.Buffer
	j := NewJSON(JSONConfig{Stdout: &out})
	for _, name := range []string{"zażółć <&>\x1b\n\"", "bad\xff"} {
		j.Event(done(b2sync.Upload, name, 0))
	}
	j.Close(b2sync.Summary{})
	records := validLines(t, out.Bytes())
	if got := records[0]["name"]; got != "zażółć <&>\x1b\n\"" {
		t.Errorf("the first name is %q", got)
	}
	if got := records[1]["nameBase64"]; got != "YmFk/w==" {
		t.Errorf("the bytes of the second name are %v", got)
	}
	if bytes.ContainsRune(out.Bytes(), '\x1b') {
		t.Error("an escape character reached the output")
	}
}

// TestPlanIsToldOnce looks for the totals as soon as they are known.
func TestPlanIsToldOnce(t *testing.T) {
	var out bytes.Buffer
	var now b2sync.Progress
	j := NewJSON(JSONConfig{Stdout: &out, Sources: Sources{Progress: func() b2sync.Progress { return now }}})
	j.Event(b2sync.Remark{Text: "before"})
	now = b2sync.Progress{Listed: true, ToDo: b2sync.Tally{Count: 3, Bytes: 30}}
	j.Event(b2sync.Remark{Text: "after"})
	j.Event(b2sync.Remark{Text: "later"})
	j.Close(b2sync.Summary{})
	var kinds []string
	for _, r := range validLines(t, out.Bytes()) {
		kinds = append(kinds, fmt.Sprint(r["type"]))
	}
	if got := strings.Join(kinds, " "); got != "note plan note note verdict" {
		t.Errorf("the records are %s", got)
	}
}
