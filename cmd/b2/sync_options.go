package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/ui"
)

// syncOptions are the options of `b2 sync` as they were given.
type syncOptions struct {
	noProgress, dryRun, allowEmpty bool
	threads                        threadOptions

	compare   *string
	threshold number

	excludeRegex, includeRegex, excludeDirRegex []string
	globs                                       []b2sync.Glob
	filterFrom                                  []string
	excludeLinks                                bool
	modifiedAfter, uploadedAfter                timestamp

	skipNewer, replaceNewer, stopOnNewer bool
	delete                               bool
	keepDays                             decimal
	maxDelete                            limit

	destinationSSE, sourceSSE *string
	skipHash, noLargeSHA1     bool
	incremental               bool
	buffer                    number
	streams                   number
	fsync                     bool

	createBucket bool
	bandwidth    bandwidth
	maxDuration  period
	retryFor     period
	verdict      string
	output       *string
	record       recordOptions
}

// threadOptions say how much is done at once; 0 is the default.
type threadOptions struct {
	all                    numberOrAuto
	sync, upload, download number
}

// throttle bounds the files that are worked on at once. Whatever the number, it
// shrinks while the service is busy.
func (t *threadOptions) throttle(files int) *b2sync.Throttle {
	if t.all.auto {
		return b2sync.AutoThreads()
	}
	return b2sync.FixedThreads(files)
}

// add declares the options, the ones that people need most first.
func (o *syncOptions) add(flags *pflag.FlagSet) {
	flags.BoolVar(&o.dryRun, "dry-run", false, "print what would be done, and do nothing")
	flags.BoolVar(&o.delete, "delete", false, "delete files that the source does not have, and all older versions")
	flags.Var(&o.keepDays, "keep-days", "hide files that the source does not have, and delete versions `DAYS` after they were replaced or hidden; a fraction above 0")
	flags.BoolVar(&o.skipNewer, "skip-newer", false, "leave files alone that are newer at the destination")
	flags.BoolVar(&o.replaceNewer, "replace-newer", false, "replace files that are newer at the destination")
	flags.BoolVar(&o.stopOnNewer, "stop-on-newer", false, "end the run at the first file that is newer at the destination, as the reference does (else it is reported and the rest goes on)")
	flags.StringArrayVar(&o.excludeRegex, "exclude-regex", nil, "leave out files whose name matches this Python `REGEX` from its beginning; may be repeated")
	flags.StringArrayVar(&o.includeRegex, "include-regex", nil, "but not those that match this `REGEX`; may be repeated")
	flags.StringArrayVar(&o.excludeDirRegex, "exclude-dir-regex", nil, "leave out folders whose path matches this `REGEX`, with all below; may be repeated")
	flags.Var(&ordered{&o.globs, false}, "exclude-glob", "leave out names that match this `PATTERN`, such as '*.tmp'; of all globs, the last that matches decides")
	flags.Var(&ordered{&o.globs, true}, "include-glob", "take names that match this `PATTERN`; with these only, all others are left out")
	flags.StringArrayVar(&o.filterFrom, "filter-from", nil, "read rules of rclone's syntax from this `FILE`: the first that matches decides")
	flags.BoolVar(&o.excludeLinks, "exclude-all-symlinks", false, "leave out symbolic links; else those of the source are followed")
	flags.Var(&o.modifiedAfter, "exclude-if-modified-after", "leave out source files modified after this `TIMESTAMP`, in seconds since 1970 (13 or 16 digits are milliseconds or microseconds)")
	flags.Var(&o.uploadedAfter, "exclude-if-uploaded-after", "see a source bucket as it was at this `TIMESTAMP`")
	o.compare = addChoice(flags, "compare-versions", "modTime", "what tells a change: modTime (the default), size, none (a file that exists is the same) or sha1 (the content; local files are read for it, once)", "none", "modTime", "size", "sha1")
	flags.Var(&o.threshold, "compare-threshold", "differences up to `MILLIS` milliseconds (or bytes, with size) are none")
	flags.BoolVar(&o.allowEmpty, "allow-empty-source", false, "go on when the source holds no file at all")
	flags.Var(&o.maxDelete, "max-delete", "when more names than `N` (or N% of the destination's) would go, remove none")
	flags.BoolVar(&o.createBucket, "create-bucket", false, "make the destination bucket (allPrivate) if it is missing")

	flags.Var(&o.threads.all, "threads", "work on so many `FILES` at once (default 10), or auto: as many as network and service take; instead of the next three")
	flags.Var(&o.threads.sync, "sync-threads", "work on so many `FILES` at once")
	flags.Var(&o.threads.upload, "upload-threads", "send so many files and `PARTS` at once")
	flags.Var(&o.threads.download, "download-threads", "receive so many files and `PARTS` at once")
	flags.Var(&o.streams, "max-download-streams-per-file", "receive one file in at most so many `PARTS` at once")
	flags.Var(&o.bandwidth, "bwlimit", "move at most this `RATE` a second, such as 500K or 10M; UP:DOWN limits each way")
	flags.Var(&o.maxDuration, "max-duration", "stop after this `TIME`, such as 2h30m, and leave the rest for the next run")
	flags.Var(&o.retryFor, "retry-for", "go on trying for this `TIME` while nothing succeeds (default 1h)")

	o.destinationSSE = addChoice(flags, "destination-server-side-encryption", "", "encrypt what is made: SSE-B2, or SSE-C with the key of B2_DESTINATION_SSE_C_KEY_B64", "SSE-B2", "SSE-C")
	addChoice(flags, "destination-server-side-encryption-algorithm", "AES256", "the cipher; there is only AES256", "AES256")
	o.sourceSSE = addChoice(flags, "source-server-side-encryption", "", "read encrypted files: SSE-C with the key of B2_SOURCE_SSE_C_KEY_B64", "SSE-C")
	addChoice(flags, "source-server-side-encryption-algorithm", "AES256", "the cipher; there is only AES256", "AES256")
	flags.BoolVar(&o.skipHash, "skip-hash-verification", false, "do not check the hash of downloads")
	flags.BoolVar(&o.incremental, "incremental-mode", false, "send only what was appended to a file, and let the service copy the rest")
	flags.Var(&o.buffer, "write-buffer-size", "gather so many `BYTES` of a download before they are written, for each range of a file")
	flags.BoolVar(&o.noLargeSHA1, "no-large-file-sha1", false, "do not read large files once more for the hash of the whole")
	flags.BoolVar(&o.fsync, "fsync", false, "make each download safe against a loss of power")

	flags.BoolVar(&o.noProgress, "no-progress", false, "show no progress; the list of actions is always printed")
	flags.StringVar(&o.verdict, "verdict", "", "print the verdict line `WHEN`: always, changes (something was done or went wrong) or never (also B2_VERDICT; default: always on a terminal, else changes)")
	o.output = addChoice(flags, "output", "text", "print text (the default), or json: one object a line", "text", "json")
	o.record.add(flags)
	ours(flags, "stop-on-newer", "exclude-glob", "include-glob", "filter-from", "max-delete", "create-bucket", "bwlimit",
		"max-duration", "retry-for", "no-large-file-sha1", "fsync", "verdict", "output")
}

// check refuses options that do not go together.
func (o *syncOptions) check(cmd *cobra.Command) error {
	o.record.note(cmd.Flags())
	return exclusive(cmd,
		[]string{"skip-newer", "replace-newer", "stop-on-newer"},
		[]string{"delete", "keep-days"})
}

// engine is what the options mean to the engine, with the folders leaveOut left
// out. It is a pure function, but for the filter files that the options name.
func (o *syncOptions) engine(leaveOut []string) (b2sync.Options, error) {
	files, err := o.threads.files()
	if err != nil {
		return b2sync.Options{}, err
	}
	if o.threshold.set && o.threshold.value < 0 {
		return b2sync.Options{}, errors.New("compare_threshold must be a positive integer")
	}
	if err := o.streams.within("max-download-streams-per-file", maxThreads); err != nil {
		return b2sync.Options{}, err
	}
	if o.keepDays.set && !(o.keepDays.value > 0) {
		return b2sync.Options{}, fmt.Errorf("--keep-days %v: the number of days must be above 0; use --delete to keep no old versions", o.keepDays.value)
	}
	if o.modifiedAfter.millis < 0 || o.uploadedAfter.millis < 0 {
		return b2sync.Options{}, errors.New("--exclude-if-modified-after and --exclude-if-uploaded-after: the time cannot be before 1970")
	}
	buffer, err := bufferSize(o.buffer)
	if err != nil {
		return b2sync.Options{}, err
	}
	names, err := o.names(leaveOut)
	if err != nil {
		return b2sync.Options{}, err
	}
	return b2sync.Options{
		Compare:      comparisons[*o.compare],
		Threshold:    o.threshold.value,
		Newer:        o.newer(),
		Extraneous:   o.extraneous(),
		KeepDays:     o.keepDays.value,
		Names:        names,
		ExcludeLinks: o.excludeLinks, ModifiedAfter: o.modifiedAfter.limit(), UploadedAfter: o.uploadedAfter.limit(),
		AllowEmpty: o.allowEmpty, DryRun: o.dryRun, MaxDelete: o.maxDelete.value,
		Incremental: o.incremental, WriteBuffer: buffer,
		SkipHash: o.skipHash, Streams: int(o.streams.value), NoLargeSHA1: o.noLargeSHA1, Fsync: o.fsync,
		Files: files, Throttle: o.threads.throttle(files),
	}, nil
}

// comparisons are the values of --compare-versions.
var comparisons = map[string]b2sync.Compare{
	"modTime": b2sync.CompareModTime, "size": b2sync.CompareSize, "none": b2sync.CompareNone, "sha1": b2sync.CompareSHA1,
}

func (o *syncOptions) newer() b2sync.Newer {
	switch {
	case o.skipNewer:
		return b2sync.NewerSkipped
	case o.replaceNewer:
		return b2sync.NewerReplaced
	case o.stopOnNewer:
		return b2sync.NewerStops
	}
	return b2sync.NewerFails
}

func (o *syncOptions) extraneous() b2sync.Extraneous {
	switch {
	case o.delete:
		return b2sync.ExtraneousDeleted
	case o.keepDays.set:
		return b2sync.ExtraneousKeepDays
	}
	return b2sync.ExtraneousKept
}

// names compiles everything that chooses by name; nil keeps every name. The
// folders leaveOut are left out, too.
func (o *syncOptions) names(leaveOut []string) (*b2sync.NameFilter, error) {
	spec := b2sync.FilterSpec{
		ExcludeRegex: o.excludeRegex, IncludeRegex: o.includeRegex, ExcludeDirRegex: o.excludeDirRegex, Globs: o.globs,
		Folders: leaveOut,
	}
	for _, path := range o.filterFrom {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--filter-from: %w", err)
		}
		spec.Rules, err = b2sync.ReadRules(spec.Rules, path, file)
		file.Close()
		if err != nil {
			return nil, err
		}
	}
	return b2sync.NewNameFilter(spec)
}

// files is how many files are worked on at once; an error if the thread options
// make no sense.
func (t *threadOptions) files() (int, error) {
	if t.all.set && (t.sync.differs() || t.upload.differs() || t.download.differs()) {
		return 0, errors.New("--threads cannot be used with other thread options")
	}
	for _, n := range []struct {
		name string
		number
	}{{"threads", t.all.number}, {"sync-threads", t.sync}, {"upload-threads", t.upload}, {"download-threads", t.download}} {
		if err := n.within(n.name, maxThreads); err != nil && !(n.name == "threads" && t.all.auto) {
			return 0, err
		}
	}
	return t.of(t.sync), nil
}

// differs says that a number of threads was given that is not the default: the
// reference takes the default beside --threads.
func (n *number) differs() bool { return n.set && n.value != b2sync.DefaultThreads }

// maxThreads keeps a slip of the finger from opening a connection for each
// file of a disk.
const maxThreads = 10_000

// of is one of the three numbers, as far as --threads does not set all.
func (t *threadOptions) of(n number) int {
	if t.all.auto {
		return b2sync.AutoThreads().Most()
	}
	return int(cmp.Or(t.all.value, n.value, b2sync.DefaultThreads))
}

// verdictMode is when the verdict is printed.
func (o *syncOptions) verdictMode(e *env) (ui.VerdictMode, error) {
	if o.verdict != "" {
		return ui.ParseVerdictMode("--verdict", o.verdict)
	}
	return ui.ParseVerdictMode("B2_VERDICT", cmp.Or(e.getenv("B2_VERDICT"), ui.VerdictAuto.String()))
}
