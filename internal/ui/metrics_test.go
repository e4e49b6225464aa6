package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/bowline-sync/bowline/b2sync"
)

func TestMetricsFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sync.prom")
	o := &Outcome{Calls: Calls{A: 7, C: 3, Retries: 2}, Summary: b2sync.Summary{
		Started: time.UnixMilli(1_790_000_000_500), Took: 90 * time.Second, Failed: 1}}
	o.Done[b2sync.Upload] = b2sync.Tally{Count: 5, Bytes: 1000}
	for range 2 { // the second one replaces the first
		if err := WriteMetrics(file, o, "/home\xff", "b2://bucket"); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("Prometheus cannot read it: %v\n%s", err, text)
	}
	for name, want := range map[string]float64{
		"bowline_last_run_success":           0,
		"bowline_last_run_timestamp_seconds": 1_790_000_090.5,
		"bowline_last_run_duration_seconds":  90,
		"bowline_last_run_retries":           2,
	} {
		family := families[name]
		if family == nil || family.GetMetric()[0].GetGauge().GetValue() != want {
			t.Errorf("%s is %v, want %v", name, family, want)
		}
	}
	for _, line := range []string{
		`bowline_last_run_actions{destination="b2://bucket",kind="upload",source="/home\\xff"} 5`,
		`bowline_last_run_calls{class="A",destination="b2://bucket",source="/home\\xff"} 7`,
		`bowline_last_run_files{destination="b2://bucket",result="failed",source="/home\\xff"} 1`,
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("there is no line %s in\n%s", line, text)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files are left behind", len(left))
	}
	if err := WriteMetrics(filepath.Join(dir, "no", "such"), o, "", ""); err == nil {
		t.Error("a folder that is missing is no error")
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	l := NewLog(slog.New(slog.NewJSONHandler(&out, nil)))
	for _, e := range everyEvent() {
		l.Event(e)
	}
	o := &Outcome{Summary: b2sync.Summary{Err: errors.New("x")}}
	l.Close(o)
	levels := map[string]int{}
	for line := range bytes.Lines(out.Bytes()) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		levels[record["level"].(string)]++
	}
	if levels["DEBUG"] != 0 || levels["INFO"] != 1 || levels["WARN"] != 1 || levels["ERROR"] != 48+1+1 {
		t.Errorf("the records by level are %v", levels)
	}
}
