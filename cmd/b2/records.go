package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/history"
	"github.com/bowline-sync/bowline/internal/report"
	"github.com/bowline-sync/bowline/internal/ui"
	"github.com/bowline-sync/bowline/internal/wire"
)

// recordOptions say what is written down of a run, beside what is printed.
type recordOptions struct {
	report, metrics string // files
	logFile         string
	logLevel        *string
	prices          string
	maxB, maxC      number
	noLock          bool
	given           []string // the options on the command line, to be remembered
	filters         []string // those among them that choose names
}

func (o *recordOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.report, "report", "", "write a page with charts about the run to this HTML `FILE`")
	flags.StringVar(&o.metrics, "metrics-file", "", "write what the run did to this `FILE` for Prometheus (node exporter, textfile collector)")
	flags.StringVar(&o.logFile, "log-file", "", "append JSON records of the run to this `FILE`, one a line")
	o.logLevel = addChoice(flags, "log-level", "info", "log so much (default info): debug logs each action and each call", "debug", "info", "warn", "error")
	flags.StringVar(&o.prices, "prices", "", "take the prices of calls from this JSON `FILE`")
	flags.Var(&o.maxB, "max-class-b", "stop before more than this `NUMBER` of class B calls are made")
	flags.Var(&o.maxC, "max-class-c", "stop before more than this `NUMBER` of class C calls are made")
	flags.BoolVar(&o.noLock, "no-lock", false, "run even if the same sync is running already")
	ours(flags, "report", "metrics-file", "log-file", "log-level", "prices", "max-class-b", "max-class-c", "no-lock")
}

// limits are the most calls that may be made, of the classes that have a limit.
func (o *recordOptions) limits() (map[wire.Class]int64, error) {
	limits := map[wire.Class]int64{}
	for class, n := range map[wire.Class]number{wire.ClassB: o.maxB, wire.ClassC: o.maxC} {
		if !n.set {
			continue
		}
		if n.value < 1 {
			return nil, fmt.Errorf("--max-class-%c %d: must be at least 1", class|0x20, n.value)
		}
		limits[class] = n.value
	}
	return limits, nil
}

// check refuses files that could not be written when the run has ended.
func (o *recordOptions) check() error {
	for option, path := range map[string]string{"--report": o.report, "--metrics-file": o.metrics} {
		if path == "" {
			continue
		}
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return fmt.Errorf("%s %s: the folder %s does not exist", option, path, filepath.Dir(path))
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return fmt.Errorf("%s %s: that is a folder", option, path)
		}
	}
	return nil
}

// priceTable is what calls cost: by the user's file, or by the built-in table.
func (o *recordOptions) priceTable() (*ui.Prices, error) {
	if o.prices == "" {
		return ui.DefaultPrices(), nil
	}
	prices, err := ui.LoadPrices(o.prices)
	if err != nil {
		return nil, fmt.Errorf("--prices: %w", err)
	}
	return prices, nil
}

// filterOptions make two syncs of the same places different ones.
var filterOptions = []string{"exclude-regex", "include-regex", "exclude-dir-regex", "exclude-glob", "include-glob", "filter-from",
	"exclude-all-symlinks", "exclude-if-modified-after", "exclude-if-uploaded-after"}

// note remembers which options were given. No option of sync holds a secret:
// keys come from the environment or from the account file.
func (o *recordOptions) note(flags *pflag.FlagSet) {
	flags.Visit(func(flag *pflag.Flag) {
		words := spelled(flag)
		o.given = append(o.given, words...)
		if slices.Contains(filterOptions, flag.Name) {
			o.filters = append(o.filters, words...)
		}
	})
}

// spelled is an option as it can be given again.
func spelled(flag *pflag.Flag) []string {
	name := "--" + flag.Name
	if flag.NoOptDefVal != "" && flag.Value.String() == flag.NoOptDefVal {
		return []string{name}
	}
	list, many := flag.Value.(interface{ GetSlice() []string })
	if !many {
		return []string{name + "=" + flag.Value.String()}
	}
	var words []string
	for _, value := range list.GetSlice() {
		words = append(words, name+"="+value)
	}
	return words
}

// records are what is written down of a run. They are a listener of the run;
// end completes them. Whatever goes wrong with the state folder, the sync runs.
type records struct {
	b2sync.Listener // nil if nothing listens

	job *syncJob
	ui.Sources
	engine    atomic.Pointer[b2sync.Sync] // nil until it is made
	started   time.Time
	summary   *b2sync.Summary // nil until the engine has run
	collector *report.Collector
	estimator *ui.Estimator // nil unless it is a dry run
	failures  history.Failures
	entry     *history.Entry // nil without history
	lock      *history.Lock  // nil without one
	uploads   *history.Uploads
	logFile   *os.File     // nil without one
	logger    *slog.Logger // nil without a log file
	log       *ui.Log      // nil without a log file
}

// keep begins the records of a run. An error means that the run must not
// begin.
func (j *syncJob) keep(meter *ui.Meter) (*records, error) {
	r := &records{job: j, started: time.Now()}
	r.Sources = ui.Sources{Meter: meter, Prices: j.prices, Progress: r.progress, Transfers: r.transfers}
	if err := r.openLog(); err != nil {
		return nil, err
	}
	if err := r.openState(); err != nil {
		r.close()
		return nil, err
	}
	r.listen()
	return r, nil
}

// progress is a look at the engine; at nothing before there is one.
func (r *records) progress() b2sync.Progress {
	if engine := r.engine.Load(); engine != nil {
		return engine.Progress()
	}
	return b2sync.Progress{}
}

func (r *records) transfers() []b2sync.Transfer {
	if engine := r.engine.Load(); engine != nil {
		return engine.Transfers()
	}
	return nil
}

// openLog opens the file of --log-file.
func (r *records) openLog() error {
	o := &r.job.record
	if o.logFile == "" {
		return nil
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(*o.logLevel)); err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	file, err := os.OpenFile(o.logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("--log-file: %w", err)
	}
	r.logFile = file
	r.logger = slog.New(slog.NewJSONHandler(file, &slog.HandlerOptions{Level: level})).With("pid", os.Getpid())
	r.log = ui.NewLog(r.logger)
	return nil
}

// openState begins the run's entry in the history and takes the lock of the
// sync; a run that does not get it is remembered as failed. A dry run changes
// nothing, so it needs neither.
func (r *records) openState() error {
	dir, err := history.Dir(r.job.env.getenv, r.job.env.home)
	if err != nil || r.job.dryRun {
		return nil
	}
	r.entry = history.Begin(dir, r.run())
	if !r.job.record.noLock {
		key := append([]string{r.job.src.String(), r.job.dst.String(), fmt.Sprint(r.job.globs)}, r.job.record.filters...)
		r.lock, err = history.Acquire(dir, key...)
		if held, ok := errors.AsType[*history.Held](err); ok {
			r.remember(r.outcome(context.Background(), held), nil)
			return held
		}
	}
	r.uploads = history.OpenUploads(dir)
	r.job.engine.Uploads = r.uploads
	return nil
}

// run is the run as it is known at its beginning.
func (r *records) run() history.Run {
	return history.Run{Started: r.started, PID: os.Getpid(), Options: r.job.record.given,
		Source: r.job.src.String(), Destination: r.job.dst.String()}
}

// listen sets up who is told of the run.
func (r *records) listen() {
	var listeners []b2sync.Listener
	if r.log != nil {
		listeners = append(listeners, r.log)
	}
	if r.entry != nil {
		listeners = append(listeners, &r.failures)
	}
	if r.entry != nil || r.job.record.report != "" {
		r.collector = report.NewCollector()
		r.Meter.OnAttempt(r.collector.Observe)
		listeners = append(listeners, r.collector)
	}
	if r.job.dryRun {
		r.estimator = ui.NewEstimator(r.job.engine.Streams)
		r.Plan = r.estimator.Plan
		listeners = append(listeners, r.estimator)
	}
	r.Listener = ui.Tee(listeners...)
}

// configure lets the client write to the log file, too.
func (r *records) configure(cfg *b2.Config) {
	switch {
	case r.logger == nil:
	case cfg.Logger == nil:
		cfg.Logger = r.logger
	default:
		cfg.Logger = slog.New(slog.NewMultiHandler(cfg.Logger.Handler(), r.logger.Handler()))
	}
}

// watch looks at the engine that is about to run, with the client's ways.
func (r *records) watch(ctx context.Context, client *b2.Client, engine *b2sync.Sync) error {
	r.engine.Store(engine)
	if r.estimator == nil {
		return nil
	}
	cuts, err := client.Cuts(ctx)
	if err != nil {
		return err
	}
	r.estimator.By(cuts)
	return nil
}

// where says where more can be read about the failures of the run.
func (r *records) where() string {
	if r.entry == nil {
		return ""
	}
	if id := r.entry.ID(); id != 0 {
		return fmt.Sprintf("see `%s runs show %d`", r.job.env.program, id)
	}
	return ""
}

// end writes down how the run ended, and returns its error, or else the first
// of what could not be written.
func (r *records) end(ctx context.Context, err error) error {
	defer r.close()
	o := r.outcome(ctx, err)
	if r.log != nil {
		r.log.Close(o)
	}
	if r.job.record.metrics != "" && !r.job.dryRun {
		err = cmp.Or(err, ui.WriteMetrics(r.job.record.metrics, o, r.job.src.String(), r.job.dst.String()))
	}
	if r.collector != nil {
		err = cmp.Or(err, r.endReport(o))
	}
	if r.summary == nil {
		return r.job.env.unbegun(ctx, r.job.syncOptions, r.job.verdict, r.Sources, r.started, err)
	}
	return err
}

// endReport writes the page of the run, and keeps what it is made of.
func (r *records) endReport(o *ui.Outcome) (err error) {
	data := r.collector.Data(o, r.Meter.ByName(), r.job.src.String(), r.job.dst.String())
	if r.job.record.report != "" {
		if writing := writeReport(data, r.job.record.report); writing != nil {
			err = fmt.Errorf("--report: %w", writing)
		}
	}
	r.remember(o, data)
	return err
}

// outcome is how the run ended; one that never got to the engine failed.
func (r *records) outcome(ctx context.Context, err error) *ui.Outcome {
	s := r.summary
	if s == nil {
		s = &b2sync.Summary{Started: r.started, Took: time.Since(r.started), DryRun: r.job.dryRun, Err: err}
		if cause := context.Cause(ctx); cause != nil {
			s.Err = cause
		}
	}
	return r.Outcome(*s)
}

// remember ends the entry in the history; data may be nil.
func (r *records) remember(o *ui.Outcome, data *report.Data) {
	if r.entry == nil {
		return
	}
	run := r.run()
	run.Ended = time.Now()
	run.Outcome, run.Verdict, run.Counts = o.Word(), ui.Verdict(o), o.Counts()
	run.Failed, run.Failures = r.failures.Count(), r.failures.First()
	if o.Word() == "failed" {
		run.Failed++
		run.Failures = slices.Insert(run.Failures, 0, history.Failure{Cause: o.Err.Error()})
	}
	if data != nil && (o.Actions() > 0 || !o.OK()) {
		run.Report, _ = data.Pack() // a run without a report is still a run
	}
	if err := r.entry.End(run); err != nil && r.logger != nil {
		r.logger.Warn("the run is not in the history", "error", err)
	}
}

// close gives everything back that the records hold.
func (r *records) close() {
	if r.lock != nil {
		r.lock.Release()
	}
	if r.uploads != nil {
		r.uploads.Close()
	}
	if r.logFile != nil {
		r.logFile.Close()
	}
}
