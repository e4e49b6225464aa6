package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/bowline-sync/bowline/b2"
)

// rmOptions are the options of `b2 rm`.
type rmOptions struct {
	listOptions
	dryRun, bypass     bool
	noProgress         bool
	failFast           bool
	threads, queueSize number
}

func newRm(e *env) *cobra.Command {
	var o rmOptions
	cmd := &cobra.Command{
		Use: "rm B2_URI", Short: "Delete files, for good",
		Long: `Deletes the newest version of the files at a place in a bucket, or all versions with
--versions. What is deleted is gone. Without --versions, the version before it becomes
the newest. It takes the files that ls lists; look first with --dry-run.`,
		Example: `    b2 rm --dry-run -r b2://my-bucket/old/
    b2 rm --versions -r b2://my-bucket/old/
    b2 rm -r --with-wildcard "b2://my-bucket/*.tmp"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			u, err := e.placeArgument(cmd, args, &o.listOptions, false)
			if err != nil {
				return err
			}
			if err := o.threads.within("threads", maxThreads); err != nil {
				return err
			}
			return e.rm(cmd.Context(), u, &o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.dryRun, "dry-run", false, "list what would be deleted, and delete nothing")
	o.add(flags)
	flags.BoolVar(&o.bypass, "bypass-governance", false, "delete files that are retained in governance mode, too")
	flags.BoolVar(&o.failFast, "fail-fast", false, "stop at the first file that cannot be deleted")
	flags.Var(&o.threads, "threads", "delete so many `FILES` at once (default 10)")
	flags.Var(&o.queueSize, "queue-size", "list at most so many `FILES` ahead (default twice the threads)")
	flags.BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	return cmd
}

func (e *env) rm(ctx context.Context, u b2URI, o *rmOptions) error {
	if o.dryRun {
		return e.ls(ctx, u, &lsOptions{listOptions: o.listOptions})
	}
	s, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r := &remover{session: s, options: o}
	defer e.showCount(&r.done, o.noProgress)()
	if err := r.run(ctx, u); err != nil {
		return err
	}
	if r.failed.Load() > 0 {
		return statusError(1)
	}
	return nil
}

// remover deletes files, several at once.
type remover struct {
	*session
	options      *rmOptions
	done, failed atomic.Int64
	mu           sync.Mutex // guards standard output
}

// errFailFast ends a run of --fail-fast.
var errFailFast = errors.New("a file could not be deleted")

func (r *remover) run(ctx context.Context, u b2URI) error {
	threads := int(r.options.threads.value)
	if threads == 0 {
		threads = 10
	}
	ahead := int(r.options.queueSize.value)
	if ahead <= 0 {
		ahead = 2 * threads
	}
	files := make(chan b2.File, ahead)
	group, ctx := errgroup.WithContext(ctx)
	for range threads {
		group.Go(func() error {
			for file := range files {
				if err := r.remove(ctx, &file); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(files)
		for entry, err := range r.listing(ctx, u, &r.options.listOptions, false) {
			if err != nil {
				return err
			}
			if entry.folder != "" {
				continue
			}
			select {
			case files <- entry.File:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	err := group.Wait()
	if errors.Is(err, errFailFast) {
		return nil // it has been said, and counted
	}
	return err
}

// remove deletes one version. A file that is gone already is as good as
// deleted.
func (r *remover) remove(ctx context.Context, file *b2.File) error {
	err := r.DeleteVersion(ctx, file.Name, file.ID, r.options.bypass)
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		r.done.Add(1)
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	r.failed.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.env.stdout, "Deletion of file \"%s\" (%s) failed: %s\n", r.env.name(file.Name), file.ID, oneLine(r.env.explain(err)))
	if r.options.failFast {
		return errFailFast
	}
	return nil
}
