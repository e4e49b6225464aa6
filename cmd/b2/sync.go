package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/ui"
	"github.com/bowline-sync/bowline/internal/wire"
)

func newSync(e *env) *cobra.Command {
	var o syncOptions
	cmd := &cobra.Command{
		Use: "sync source destination", Short: "Make a destination match a source: folders and buckets",
		Long: `Copies what is new or changed from the source to the destination. Each is a local
folder or a place in a bucket, b2://bucket/prefix; one of them must be in a bucket.
Between two places in buckets the service copies, and nothing passes through here.

What only the destination has is left alone unless --delete or --keep-days is given.
Each action is printed as it is done, and a last line says what was done, what failed
and what it cost. The exit status is 0 only if all went well.`,
		Example: `  A backup that keeps what was changed or deleted for 30 days:
    b2 sync --keep-days 30 --replace-newer ~/Documents b2://my-bucket/documents

  The same folder back, onto another computer:
    b2 sync b2://my-bucket/documents ~/Documents

  Make a bucket exactly like a folder; look first:
    b2 sync --dry-run --delete --replace-newer photos b2://my-bucket/photos

  Leave out what macOS strews about:
    b2 sync --exclude-regex '(.*\.DS_Store)|(.*\.Spotlight-V100)' ~/Music b2://my-bucket`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return e.sync(cmd.Context(), &o, args[0], args[1])
		},
	}
	o.add(cmd.Flags())
	return cmd
}

// sync makes the destination match the source. All that can be wrong with the
// options is found before anything is touched.
func (e *env) sync(ctx context.Context, o *syncOptions, source, destination string) error {
	job, err := e.prepareSync(o, source, destination)
	if err != nil {
		return e.noRun(ctx, o, err)
	}
	if o.maxDuration.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.maxDuration.Duration, &ui.Stopped{By: "--max-duration " + o.maxDuration.String()})
		defer cancel()
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { exitLate(ctx) })()
	rec, err := job.keep(new(ui.Meter))
	if err != nil {
		return e.unbegun(ctx, o, job.verdict, ui.Sources{}, time.Now(), err)
	}
	return rec.end(ctx, job.start(ctx, rec, newBudget(job.limits, stop)))
}

// start runs the sync and tells it, from the first call on: a service that does
// not answer is to be seen even then.
func (j *syncJob) start(ctx context.Context, rec *records, calls *budget) error {
	tell := j.teller(rec)
	err := j.findAndRun(ctx, rec, calls, tell)
	if rec.summary == nil {
		tell.Leave()
	}
	return err
}

// findAndRun finds both places and runs the sync.
func (j *syncJob) findAndRun(ctx context.Context, rec *records, calls *budget, tell teller) error {
	s, err := j.env.open(ctx, func(cfg *b2.Config) {
		j.configure(cfg, rec.Meter, calls)
		rec.configure(cfg)
	})
	if err != nil {
		return err
	}
	defer s.Close()
	src, err := j.location(ctx, s, j.src)
	if err != nil {
		return err
	}
	dst, err := j.destination(ctx, s, src)
	if err != nil {
		return err
	}
	return j.run(ctx, s, rec, tell, src, dst)
}

// syncJob is a sync that is fit to run as far as its options go.
type syncJob struct {
	*syncOptions
	env      *env
	src, dst place
	engine   b2sync.Options
	limits   map[wire.Class]int64 // of calls
	prices   *ui.Prices
	verdict  ui.VerdictMode
}

func (e *env) prepareSync(o *syncOptions, source, destination string) (*syncJob, error) {
	job := &syncJob{syncOptions: o, env: e}
	var err error
	if job.src, err = parsePlace(source); err != nil {
		return nil, err
	}
	if job.dst, err = parsePlace(destination); err != nil {
		return nil, err
	}
	if job.engine, err = o.engine(job.ownFolders()); err != nil {
		return nil, err
	}
	if job.verdict, err = o.verdictMode(e); err != nil {
		return nil, err
	}
	if err = o.record.check(); err != nil {
		return nil, err
	}
	if job.limits, err = o.record.limits(); err != nil {
		return nil, err
	}
	if job.prices, err = o.record.priceTable(); err != nil {
		return nil, err
	}
	if err = checkPlaces(job.src, job.dst, o); err != nil {
		return nil, err
	}
	if job.engine.DestinationSSE, err = e.destinationSSE(*o.destinationSSE); err != nil {
		return nil, err
	}
	if job.engine.SourceSSE, err = e.sourceSSE(*o.sourceSSE); err != nil {
		return nil, err
	}
	return job, nil
}

// configure sets what the client must know of the options.
func (j *syncJob) configure(cfg *b2.Config, meter *ui.Meter, calls *budget) {
	cfg.Uploads = j.threads.of(j.threads.upload)
	cfg.Downloads = j.threads.of(j.threads.download)
	cfg.RetryFor = j.retryFor.Duration
	cfg.Observe = func(a b2.Attempt) {
		meter.Observe(a)
		j.engine.Throttle.Observe(a)
	}
	if cfg.Transport == nil {
		cfg.Transport = b2.NewTransport()
	}
	if len(calls.limits) > 0 {
		cfg.Transport = calls.around(cfg.Transport, meter)
	}
	if j.bandwidth != (bandwidth{}) {
		cfg.Transport = limitBandwidth(cfg.Transport, j.bandwidth.up, j.bandwidth.down)
	}
}

// location is a place that exists.
func (j *syncJob) location(ctx context.Context, s *session, p place) (b2sync.Location, error) {
	if !p.inBucket {
		return b2sync.Folder(p.folder), nil
	}
	ref, err := s.bucket(ctx, p.bucket)
	if err != nil {
		return nil, err
	}
	return b2sync.Bucket(s.Client, ref, p.prefix), nil
}

// destination is the place to sync to. Its bucket is made if it is missing and
// the user said so.
func (j *syncJob) destination(ctx context.Context, s *session, src b2sync.Location) (b2sync.Location, error) {
	location, err := j.location(ctx, s, j.dst)
	if missing := new(bareError); !j.createBucket || !errors.As(err, missing) {
		return location, err
	}
	if j.dryRun {
		return nil, fmt.Errorf("the bucket %s does not exist yet; a dry run does not make it, so there is nothing to compare with", j.dst.bucket)
	}
	if err := b2sync.CheckSource(ctx, src, j.allowEmpty); err != nil {
		return nil, err
	}
	bucket, err := s.CreateBucket(ctx, b2.CreateBucketRequest{BucketName: j.dst.bucket, BucketType: b2.AllPrivate})
	if err != nil {
		return nil, fmt.Errorf("the bucket %s cannot be made: %w", j.dst.bucket, err)
	}
	s.seen[j.dst.bucket] = bucket
	ref := b2.BucketRef{ID: bucket.BucketID, Name: bucket.BucketName}
	s.remember(ctx, ref)
	return b2sync.Bucket(s.Client, ref, j.dst.prefix), nil
}

// run runs the engine and tells what it does.
func (j *syncJob) run(ctx context.Context, s *session, rec *records, tell teller, src, dst b2sync.Location) error {
	all := ui.Tee(tell, rec.Listener)
	j.engine.Listener = all
	defer j.rememberHashes(s)()
	running, err := b2sync.New(src, dst, j.engine)
	if err != nil {
		return err
	}
	if err := rec.watch(ctx, s.Client, running); err != nil {
		return err
	}
	summary := running.Run(ctx)
	summary.Started, summary.Took = rec.started, time.Since(rec.started) // with what came before the engine
	rec.summary = &summary
	if errors.Is(summary.Err, b2.ErrBucketNotFound) {
		j.forget(ctx, s)
	}
	j.noteLifecycle(ctx, s, &summary, all)
	if err := tell.Close(summary); err != nil {
		return err
	}
	if why, ok := errors.AsType[*interrupted](context.Cause(ctx)); ok {
		return statusError(why.status())
	}
	if warned := summary.Err == nil && summary.Failed == 0; warned && j.env.v3() {
		return nil // in version 3, warnings are no failure
	}
	if !summary.OK() {
		return statusError(1)
	}
	return nil
}

// forget drops the names of buckets that turned out to be gone.
func (j *syncJob) forget(ctx context.Context, s *session) {
	for _, p := range []place{j.src, j.dst} {
		if p.inBucket {
			s.forget(ctx, p.bucket)
		}
	}
}
