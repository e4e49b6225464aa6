package b2sync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/localfs"
)

// Sync is one run of the engine, ready to go.
type Sync struct {
	src, dst Location
	opts     Options
	report   reporter
}

// New checks that source, destination and options go together. It touches
// neither side.
func New(src, dst Location, opts Options) (*Sync, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	from, fromBucket := src.(*bucketSide)
	to, toBucket := dst.(*bucketSide)
	switch {
	case !fromBucket && !toBucket:
		return nil, errors.New("Sync between two local folders is not supported!")
	case !toBucket && opts.Extraneous == ExtraneousKeepDays:
		return nil, errors.New("keep_days_or_delete cannot be used for local files")
	case fromBucket && toBucket:
		if err := overlap(from, to, opts.Names); err != nil {
			return nil, err
		}
	}
	if opts.Files == 0 {
		opts.Files = DefaultThreads
	}
	if opts.Throttle == nil {
		opts.Throttle = FixedThreads(opts.Files)
	}
	s := &Sync{src: src, dst: dst, opts: opts}
	s.report.listener = opts.Listener
	return s, nil
}

// Run syncs and returns what was done. It may be called once. When ctx ends,
// so does the run; Summary.Err is then the cause that ctx was ended with.
func (s *Sync) Run(ctx context.Context) Summary {
	s.report.summary.Started = time.Now()
	s.report.summary.DryRun = s.opts.DryRun
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{
		Sync: s, report: &s.report, stop: cancel,
		spool: spool{dir: s.opts.SpoolDir},
		queue: make(chan *job, queueLength),
	}
	defer r.spool.close()
	err := r.run(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return s.report.end(err)
}

// Progress is a snapshot of the run. It may be called at any time, from any
// goroutine.
func (s *Sync) Progress() Progress { return s.report.progress() }

// queueLength is how many jobs may wait for a worker. It bounds memory, and
// lets the scan run ahead so that what is to do is known early.
const queueLength = 1000

// run is what a Sync needs while it runs.
type run struct {
	*Sync
	report             *reporter
	rules              rules
	srcLocal, dstLocal bool
	actor              actor
	down               *downloader             // the actor, if the destination is a folder
	stop               context.CancelCauseFunc // ends the run early

	queue chan *job // to the workers
	spool spool     // removals, for the gate

	sourceFiles atomic.Int64 // regular files of the source, before filters
	dstNames    atomic.Int64 // names of the destination
	doomed      atomic.Int64 // of them, those that are to be removed or hidden

	mu      sync.Mutex
	waiting []*job      // blocked by an entry of the other kind, for the gate
	gated   atomic.Bool // the gate has been passed: nothing waits any more
	cut     atomic.Bool // a side broke off: not all names were seen
	lied    atomic.Bool // a listing contradicts itself: what it does not name may be there
}

func (r *run) run(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	defer r.close()
	if err := r.pool(ctx, r.scan); err != nil {
		return err
	}
	if err := r.gate(ctx); err != nil {
		return err
	}
	r.remarkRetained()
	r.checkArrived()
	if ctx.Err() == nil && !r.cut.Load() {
		r.actor.sweep(ctx)
	}
	return nil
}

// checkArrived looks whether the destination folder is still in its place: what
// was downloaded went to the folder that the run opened, wherever that is now.
func (r *run) checkArrived() {
	dst, ok := r.dst.(*folderSide)
	if ok && dst.began != nil && !dst.still() {
		r.report.problem(Problem{Path: dst.root, Err: fmt.Errorf(
			"%s is no longer the folder that the run began with, and what was downloaded is not in it; is its disk still there?", dst.root)})
	}
}

// errStopped ends a run at the first newer destination, which has been
// reported already.
var errStopped = errors.New("stopped at the first file that is newer at the destination (--stop-on-newer)")

// remarkRetained says once how many names have versions that had to stay.
func (r *run) remarkRetained() {
	n := r.report.retained.Load()
	switch {
	case n == 0:
	case r.rules.noDelete:
		r.report.remark(fmt.Sprintf("names with versions that stay, because the application key has no deleteFiles: %d; "+
			"names gone from the source are hidden instead", n))
	default:
		r.report.remark(fmt.Sprintf("names with versions that stay, because Object Lock retains or holds them: %d; "+
			"names gone from the source are hidden instead, and go in a later run", n))
	}
}

// prepare makes sure of both sides before anything is touched.
func (r *run) prepare(ctx context.Context) error {
	src, srcLocal := r.src.(*folderSide)
	dst, dstLocal := r.dst.(*folderSide)
	r.srcLocal, r.dstLocal = srcLocal, dstLocal
	r.rules = rules{Options: &r.opts, srcLocal: srcLocal, dstLocal: dstLocal, grain: 1}
	if srcLocal {
		if err := CheckSource(ctx, src, r.opts.AllowEmpty); err != nil {
			return err
		}
		src.began, _ = os.Stat(src.root) // nil if there is none
	}
	if err := r.checkRights(ctx); err != nil {
		return err
	}
	r.actor = newActor(r.src, r.dst, &r.opts, r.report)
	r.down, _ = r.actor.(*downloader)
	if dstLocal {
		if err := r.openDestination(dst); err != nil {
			return err
		}
	}
	if r.opts.DryRun {
		r.actor = &rehearsal{actor: r.actor, run: r}
	}
	return nil
}

// CheckSource refuses a source folder without any regular file, unless allowEmpty
// is set (P4). A missing folder is one, and is never made. [Sync.Run] asks it
// before anything is touched; so does who makes something for a run, such as the
// destination bucket. Of buckets it knows nothing: a run sees whether they are
// empty.
func CheckSource(ctx context.Context, source Location, allowEmpty bool) error {
	src, local := source.(*folderSide)
	if !local {
		return nil
	}
	found, err := localfs.HasFile(ctx, src.root)
	src.absent = false
	switch {
	case errors.Is(err, localfs.ErrNotDir):
		return fmt.Errorf("%s is not a directory", src.root)
	case errors.Is(err, fs.ErrNotExist) && allowEmpty:
		src.absent = true
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("Directory %s is empty.  Use --allow-empty-source to sync anyway.  (It does not exist.)", src.root)
	case found, allowEmpty:
	case err != nil:
		return fmt.Errorf("Directory %s has no files that can be seen: %w", src.root, err)
	default:
		return fmt.Errorf("Directory %s is empty.  Use --allow-empty-source to sync anyway.", src.root)
	}
	return nil
}

// openDestination makes the destination folder if it is missing, though not
// the folder that it lies in: that may be a disk which is not mounted. A dry
// run takes a missing folder for an empty one.
func (r *run) openDestination(dst *folderSide) error {
	root, err := localfs.OpenRoot(dst.root, !r.opts.DryRun)
	info, statErr := os.Stat(dst.root)
	switch {
	case statErr == nil && !info.IsDir():
		return fmt.Errorf("%s is not a directory", dst.root)
	case errors.Is(err, fs.ErrNotExist) && r.opts.DryRun:
		dst.absent = true
		return nil
	case err != nil:
		return fmt.Errorf("unable to create directory %s: %w", dst.root, err)
	}
	dst.began = info
	r.rules.grain = localfs.Grain(dst.root)
	r.down.root = root
	return nil
}

func (r *run) close() {
	if r.down != nil && r.down.root != nil {
		r.down.root.Close()
	}
}

// pool runs produce, which puts jobs into the queue, together with the workers
// that take them out, and returns when all is done.
func (r *run) pool(ctx context.Context, produce func(context.Context) error) error {
	var workers sync.WaitGroup
	for range r.opts.Throttle.Most() {
		workers.Go(func() {
			for j := range r.queue {
				if r.opts.Throttle.acquire(ctx) {
					r.work(ctx, j)
					r.opts.Throttle.release()
				}
			}
		})
	}
	err := produce(ctx)
	close(r.queue)
	workers.Wait()
	r.queue = make(chan *job, queueLength)
	return err
}

// scan goes through all ranges, several at once where that helps.
func (r *run) scan(ctx context.Context) error {
	todo := newSpans(ranges(r.opts.Names), r.marks)
	defer r.survey(ctx, todo)()
	var workers sync.WaitGroup
	for range spansAtOnce {
		workers.Go(func() {
			for s := todo.take(); s != nil; s = todo.take() {
				r.scanSpan(ctx, s, todo)
				todo.done(s)
			}
		})
	}
	workers.Wait()
	r.report.listed.Store(true)
	return nil
}

// scanSpan pairs and decides the names of one span. A side that breaks off is
// reported and ends the span: nothing beyond is touched (P2).
func (r *run) scanSpan(ctx context.Context, s *span, todo *spans) {
	rg := Range{Lo: s.lo, Hi: s.end()}
	src := r.src.scan(ctx, rg, scanOptions{Options: &r.opts, source: true, until: s.end,
		versions: r.opts.timed()})
	dst := r.dst.scan(ctx, rg, scanOptions{Options: &r.opts, until: s.end, unfinished: r.unfinished(),
		versions: r.opts.Extraneous != ExtraneousKept})
	rules, warn := r.rules, warnings{run: r}
	shadow := fileShadow{}
	for p, err := range merge(src, dst) {
		if ctx.Err() != nil {
			return // Run knows the cause
		}
		if err != nil {
			r.broken(err)
			return
		}
		if !s.pass(p.name) {
			return
		}
		if s.seen%splitAfter == 0 {
			todo.look()
		}
		if rules.now.IsZero() {
			rules.now = r.serviceNow() // after the first answer, so by its clock
		}
		r.see(p)
		warn.of(p)
		d := decide(p, &rules)
		r.dispatch(ctx, p, d, r.dstLocal && shadow.over(p))
	}
}

// unfinished is who wants to know of temporary files at the destination.
func (r *run) unfinished() func(string) {
	if r.down == nil || r.opts.DryRun {
		return nil
	}
	return r.down.parts.saw
}

// broken reports a side that broke off.
func (r *run) broken(err error) {
	r.cut.Store(true)
	if errors.Is(err, b2.ErrListOrder) || errors.Is(err, b2.ErrAnswer) {
		r.lied.Store(true)
	}
	place := r.dst
	if b, ok := errors.AsType[*breakError](err); ok && b.source {
		place = r.src
	}
	r.report.problem(Problem{Path: place.String(), Err: err})
}

// serviceNow is the time by the service's clock.
func (r *run) serviceNow() time.Time {
	for _, side := range []Location{r.dst, r.src} {
		if b, ok := side.(*bucketSide); ok {
			return b.client.Now()
		}
	}
	return time.Now()
}

// see counts what a pair shows of the source.
func (r *run) see(p *pair) {
	r.report.compared.Add(1)
	if p.dst != nil && p.dst.kind == isFile {
		r.dstNames.Add(1)
	}
	if p.src == nil || p.src.below {
		return
	}
	switch p.src.kind {
	case isFile, isExcluded:
		r.report.scanned.Add(1)
		r.sourceFiles.Add(1)
	case isFolder:
		if r.down != nil {
			r.down.keepFolder(p.name)
		}
	}
}

// dispatch hands a decision on to the workers. inShadow says that a file of
// the source lies where the name needs a folder.
func (r *run) dispatch(ctx context.Context, p *pair, d decision, inShadow bool) {
	j := r.settle(p, d)
	if j == nil || inShadow && j.verdict == transfer && r.hold(j) {
		return
	}
	select {
	case r.queue <- j:
	case <-ctx.Done():
	}
}

// settle deals with a decision as far as that takes no work: it counts,
// reports, and puts removals aside for the gate. The job that is left, if any,
// is for a worker.
func (r *run) settle(p *pair, d decision) *job {
	r.tally(d)
	switch d.verdict {
	case refuse:
		r.report.problem(Problem{Name: p.name, Path: r.src.full(p.name), Err: d.err})
		if r.opts.Newer == NewerStops && errors.Is(d.err, ErrNewer) {
			r.stop(errStopped)
		}
	case read:
		j := &job{decision: d, name: p.name, src: *p.src, dst: new(*p.dst)}
		j.src.older, j.dst.older = slices.Clone(j.src.older), slices.Clone(j.dst.older)
		return j
	case transfer:
		r.report.todo.Add(1)
		r.report.todoBytes.Add(p.src.size)
		j := &job{decision: d, name: p.name, src: *p.src}
		j.src.older = nil
		if r.opts.Incremental && p.dst != nil && p.dst.kind == isFile && p.dst.size < p.src.size {
			j.base = new(p.dst.file)
		}
		return j
	case remove:
		if p.dst.kind != isHidden {
			r.doomed.Add(1)
		}
		r.putAside(&job{decision: d, name: p.name, current: p.dst.file.ID, size: p.dst.size})
	default:
		if d.prune != nil {
			return &job{decision: d, name: p.name}
		}
	}
	return nil
}

// tally counts a decision in the summary.
func (r *run) tally(d decision) {
	switch d.verdict {
	case same:
		r.report.same.Add(1)
	case skip:
		r.report.skipped.Add(1)
	}
	if d.unhashed {
		r.report.unhashed.Add(1)
	}
	if d.retained {
		r.report.retained.Add(1)
	}
}

// putAside keeps a removal for the gate.
func (r *run) putAside(j *job) {
	if err := r.spool.add(j); err != nil {
		r.stop(err)
	}
}

// hold keeps a blocked transfer for the gate. It reports false once the gate
// has been passed.
func (r *run) hold(j *job) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gated.Load() {
		return false
	}
	r.waiting = append(r.waiting, j)
	return true
}
