package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newBucketUpdate(e *env) *cobra.Command {
	var o bucketOptions
	var mode *string
	var period retentionPeriod
	cmd := &cobra.Command{
		Use: "update bucketName [bucketType]", Short: "Change a bucket and print what it is then",
		Long: `Changes what the options name and leaves the rest of the bucket alone. Information
and rules are replaced whole.`,
		Example: `    b2 bucket update my-bucket allPublic
    b2 bucket update my-bucket --file-lock-enabled
    b2 bucket update my-bucket --default-retention-mode governance --default-retention-period "30 days"`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			settings, err := o.settings(cmd)
			if err != nil {
				return err
			}
			req := settings.update()
			if len(args) > 1 {
				if !slices.Contains(bucketTypes, args[1]) {
					return &usageError{cmd, "argument bucketType: " + invalidChoice(args[1], bucketTypes).Error()}
				}
				req.BucketType = &args[1]
			}
			if req.DefaultRetention, err = defaultRetention(*mode, period); err != nil {
				return err
			}
			return e.withBucket(cmd, args[0], func(s *session, ref b2.BucketRef) error {
				req.BucketID = ref.ID
				bucket, err := s.UpdateBucket(cmd.Context(), req)
				if err != nil {
					return err
				}
				return printJSON(e.stdout, describeBucket(bucket))
			})
		},
	}
	o.add(cmd.Flags())
	mode = addChoice(cmd.Flags(), "default-retention-mode", "", "retain new files by default: compliance, governance or none", "compliance", "governance", "none")
	cmd.Flags().Var(&period, "default-retention-period", "for how long, as \"`PERIOD`\": \"30 days\" or \"7 years\"")
	return cmd
}

// update is the request that changes a bucket to these settings.
func (s *bucketSettings) update() b2.UpdateBucketRequest {
	return b2.UpdateBucketRequest{
		BucketInfo: s.info, CORSRules: s.cors, LifecycleRules: s.lifecycle,
		DefaultSSE: s.sse, FileLockEnabled: s.fileLock, Replication: s.replication,
	}
}

// defaultRetention is the retention that new files of a bucket get.
func defaultRetention(mode string, period retentionPeriod) (*b2.DefaultRetention, error) {
	switch {
	case mode == "" && period.unit == "":
		return nil, nil
	case mode == "":
		return nil, errors.New("--default-retention-period goes with --default-retention-mode")
	case mode == "none":
		return &b2.DefaultRetention{}, nil
	case period.unit == "":
		return nil, valueError(fmt.Sprintf("must specify period for retention mode %s: --default-retention-period", enumName(mode)))
	}
	return &b2.DefaultRetention{
		Mode: &mode, Period: &b2.RetentionPeriod{Duration: &period.duration, Unit: &period.unit},
	}, nil
}

// enumName is a retention mode as Python prints it.
func enumName(mode string) string { return "RetentionMode." + strings.ToUpper(mode) }

// retentionPeriod is "N days" or "N years".
type retentionPeriod struct {
	duration int64
	unit     string
}

func (p *retentionPeriod) String() string {
	if p.unit == "" {
		return ""
	}
	return fmt.Sprintf("%d %s", p.duration, p.unit)
}
func (p *retentionPeriod) Type() string { return "period" }

func (p *retentionPeriod) Set(s string) error {
	count, unit, _ := strings.Cut(s, " ")
	duration, err := strconv.ParseInt(count, 10, 64)
	if err != nil || duration < 0 || unit != "days" && unit != "years" {
		return errors.New(`default retention period must be in the form of "X days|years "`)
	}
	p.duration, p.unit = duration, unit
	return nil
}
