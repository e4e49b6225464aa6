package ui

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bowline-sync/bowline/b2sync"
)

// WriteMetrics writes what a run did as a file for the textfile collector of
// Prometheus' node exporter, so that an alert can say "no good run for a day".
// The file is replaced at once, never half written. A dry run changes nothing,
// so it should not be written down: the caller leaves it out.
//
// All metrics carry the source and the destination, so that several jobs can
// write files side by side.
func WriteMetrics(file string, o *Outcome, source, destination string) error {
	g := &gauges{
		registry: prometheus.NewRegistry(),
		labels:   prometheus.Labels{"source": printable(source), "destination": printable(destination)},
	}
	g.set("last_run_timestamp_seconds", "When the last run ended.", unixSeconds(o.Started.Add(o.Took)))
	g.set("last_run_success", "1 if the last run ended with the destination as it was asked to be, 0 if not.", truth(o.OK()))
	g.set("last_run_duration_seconds", "How long the last run took.", o.Took.Seconds())
	actions := g.vector("last_run_actions", "Actions of the last run, by kind.", "kind")
	bytes := g.vector("last_run_bytes", "Bytes of content of the last run's actions, by kind.", "kind")
	for kind := b2sync.Upload; int(kind) < len(o.Done); kind++ {
		actions.WithLabelValues(kindName(kind)).Set(float64(o.Done[kind].Count))
		bytes.WithLabelValues(kindName(kind)).Set(float64(o.Done[kind].Bytes))
	}
	files := g.vector("last_run_files", "Names of the last run that took no action, by what became of them.", "result")
	for result, n := range map[string]int64{"failed": o.Failed, "warned": o.Warned, "skipped": o.Skipped,
		"same": o.Same, "unhashed": o.Unhashed, "retained": o.Retained, "unverified": o.Unverified} {
		files.WithLabelValues(result).Set(float64(n))
	}
	calls := g.vector("last_run_calls", "Calls of the last run as they are billed, by class.", "class")
	for class, n := range map[string]int64{"A": o.Calls.A, "B": o.Calls.B, "C": o.Calls.C} {
		calls.WithLabelValues(class).Set(float64(n))
	}
	g.set("last_run_retries", "Requests of the last run that failed and were tried again.", float64(o.Calls.Retries))
	if err := prometheus.WriteToTextfile(file, g.registry); err != nil {
		return fmt.Errorf("--metrics-file: %w", err)
	}
	return nil
}

// gauges makes the metrics of one run.
type gauges struct {
	registry *prometheus.Registry
	labels   prometheus.Labels
}

func (g *gauges) vector(name, help string, label string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "bowline_" + name, Help: help, ConstLabels: g.labels}, []string{label})
	g.registry.MustRegister(v)
	return v
}

func (g *gauges) set(name, help string, value float64) {
	m := prometheus.NewGauge(prometheus.GaugeOpts{Name: "bowline_" + name, Help: help, ConstLabels: g.labels})
	m.Set(value)
	g.registry.MustRegister(m)
}

// printable is a path as a label can hold it: valid UTF-8.
func printable(path string) string { return escaped(path, true) }

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
