package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

// replicationStatusOptions are the options of `b2 replication status`.
type replicationStatusOptions struct {
	rule, profile string
	sourceOnly    bool
	format        *string
	noProgress    bool
	columns       []string
}

func newReplicationStatus(e *env) *cobra.Command {
	var o replicationStatusOptions
	cmd := &cobra.Command{
		Use: "status SOURCE_BUCKET_NAME", Short: "Count what has been replicated, and what has not",
		Long: `Looks at the newest version of each file of a bucket and of those that its replication
rules copy it to, and counts the files that are in the same state, rule by rule. That
lists both buckets.`,
		Example: `    b2 replication status my-bucket
    b2 replication status --output-format json --rule to-europe my-bucket
    b2 replication status --columns "source replication status, count" my-bucket`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			for i, name := range o.columns {
				o.columns[i] = strings.ReplaceAll(strings.TrimSpace(name), " ", "_")
			}
			if slices.Contains(o.columns, "all") {
				o.columns = nil
			}
			for _, name := range o.columns {
				if !slices.Contains(replicationColumns, name) {
					return &usageError{cmd, "argument --columns: " + invalidChoice(name, append([]string{"all"}, replicationColumns...)).Error()}
				}
			}
			return e.replicationStatus(cmd.Context(), &o, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.rule, "rule", "", "look at the rule of this `NAME` only")
	flags.StringVar(&o.profile, "destination-profile", "", "the destination is in the stored account of this `NAME`")
	flags.BoolVar(&o.sourceOnly, "dont-scan-destination", false, "look at the source only")
	o.format = addChoice(flags, "output-format", "console", "print a table (console, the default), JSON, or CSV", "console", "json", "csv")
	flags.BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	flags.StringSliceVar(&o.columns, "columns", []string{"all"}, "print these `COLUMNS` only, a list with commas")
	return cmd
}

// replicationColumns are what is found out about a file. The reference names
// them so in its output; the last one counts the files that are alike.
var replicationColumns = []string{
	"source_replication_status", "source_has_hide_marker", "source_encryption_mode", "source_has_large_metadata",
	"source_has_file_retention", "source_has_legal_hold", "destination_replication_status",
	"metadata_differs", "hash_differs", "count",
}

// A replicationState is what is found out about a file, in the order of the
// columns but the last: strings, truth values, and nil for what is not known.
type replicationState [9]any

// replicationReport counts the states of one rule's files, in the order in
// which they were met.
type replicationReport struct {
	rule   string
	states []replicationState
	counts map[replicationState]int64
}

func (r *replicationReport) add(state replicationState) {
	if r.counts[state] == 0 {
		r.states = append(r.states, state)
	}
	r.counts[state]++
}

func (e *env) replicationStatus(ctx context.Context, o *replicationStatusOptions, bucketName string) error {
	source, destination, end, err := e.openBoth(ctx, o.profile)
	if err != nil {
		return err
	}
	defer end()
	bucket, current, err := source.replication(ctx, bucketName)
	if err != nil {
		return err
	}
	var looked atomic.Int64
	stop := e.showCount(&looked, o.noProgress)
	defer stop()
	found := false
	var reports []*replicationReport
	if current.Source != nil {
		for _, rule := range current.Source.Rules {
			if o.rule != "" && rule["replicationRuleName"] != o.rule {
				continue
			}
			found = true
			report, err := compareReplicated(ctx, source, destination, bucket.BucketID, rule, o.sourceOnly, &looked)
			if err != nil {
				return err
			}
			reports = append(reports, report)
		}
	}
	if o.rule != "" && !found {
		return fmt.Errorf("no replication rule %q set up for bucket %q", o.rule, bucketName)
	}
	stop()
	return printReplication(e.stdout, *o.format, reports, o.columns)
}

// openBoth opens the sessions of both ends of a replication; end closes them.
// The destination is in the same account, or in the stored one of a profile.
func (e *env) openBoth(ctx context.Context, profile string) (source, destination *session, end func(), err error) {
	if source, err = e.open(ctx); err != nil {
		return nil, nil, nil, err
	}
	if profile == "" {
		return source, source, source.Close, nil
	}
	other := *e
	other.global.profile = profile
	if destination, err = other.open(ctx); err != nil {
		source.Close()
		return nil, nil, nil, err
	}
	return source, destination, func() { destination.Close(); source.Close() }, nil
}

// compareReplicated walks through the source and the destination of a rule side
// by side.
func compareReplicated(ctx context.Context, source, destination *session, bucketID string, rule replicationRule, sourceOnly bool, looked *atomic.Int64) (*replicationReport, error) {
	name, _ := rule["replicationRuleName"].(string)
	prefix, _ := rule["fileNamePrefix"].(string)
	destinationID, _ := rule["destinationBucketId"].(string)
	report := &replicationReport{rule: name, counts: map[replicationState]int64{}}
	left, stopLeft := iter.Pull2(newestOf(source.ListVersions(ctx, bucketID, b2.ListOptions{Prefix: prefix})))
	defer stopLeft()
	var there iter.Seq2[*b2.File, error] = func(func(*b2.File, error) bool) {}
	if !sourceOnly {
		there = newestOf(destination.ListVersions(ctx, destinationID, b2.ListOptions{Prefix: prefix}))
	}
	right, stopRight := iter.Pull2(there)
	defer stopRight()
	a, errA, moreA := left()
	b, errB, moreB := right()
	for moreA || moreB {
		switch {
		case errA != nil:
			return nil, fmt.Errorf("the files of the rule %s cannot be listed: %w", name, errA)
		case errB != nil:
			return nil, fmt.Errorf("the destination of the rule %s cannot be listed: %w", name, errB)
		}
		looked.Add(1)
		switch {
		case !moreB || moreA && a.Name < b.Name:
			report.add(replicationStateOf(a, nil))
			a, errA, moreA = left()
		case !moreA || b.Name < a.Name:
			report.add(replicationStateOf(nil, b))
			b, errB, moreB = right()
		default:
			report.add(replicationStateOf(a, b))
			a, errA, moreA = left()
			b, errB, moreB = right()
		}
	}
	return report, nil
}

// newestOf is the newest version of each name, hide markers included.
// Unfinished large files are no versions yet.
func newestOf(versions iter.Seq2[b2.File, error]) iter.Seq2[*b2.File, error] {
	return func(yield func(*b2.File, error) bool) {
		last := ""
		for file, err := range versions {
			if err != nil {
				yield(nil, err)
				return
			}
			if file.Action == b2.ActionStart || file.Name == last {
				continue
			}
			last = file.Name
			if !yield(&file, nil) {
				return
			}
		}
	}
}

// largeMetadata is how many bytes of name and info the service takes for a file
// that is encrypted or locked (API documentation, "File information").
const largeMetadata = 2048

// replicationStateOf is what can be said of a file at both ends; nil where there
// is none.
func replicationStateOf(source, destination *b2.File) (state replicationState) {
	if source != nil {
		size := len(source.Name)
		for name, value := range source.Info() {
			size += len(name) + len(value)
		}
		state = replicationState{
			orNil(strings.ToUpper(source.Replication)), source.Action == b2.ActionHide, cmp.Or(source.SSEMode, "none"),
			size > largeMetadata, source.RetentionMode != "", source.LegalHold,
		}
	}
	if destination != nil {
		state[6] = orNil(strings.ToUpper(destination.Replication))
	}
	if source != nil && destination != nil {
		state[7] = !maps.Equal(source.Info(), destination.Info())
		state[8] = source.MD5 == "" || source.MD5 != destination.MD5
	}
	return state
}
