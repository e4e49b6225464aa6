package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newFileUpdate(e *env) *cobra.Command {
	var legalHold, mode *string
	var until timestamp
	var bypass bool
	cmd := &cobra.Command{
		Use: "update B2_URI", Short: "Change the Object Lock of a file",
		Long: `Sets or lifts the legal hold of a file, and how long nobody can delete it, in a bucket
with Object Lock.`,
		Example: `    b2 file update --legal-hold on b2://my-bucket/contract.pdf
    b2 file update --file-retention-mode governance --retain-until 1893456000 b2://my-bucket/contract.pdf`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			retention, err := retentionOf(*mode, until, true)
			if err != nil {
				return err
			}
			return e.withURI(cmd, args[0], anyFile, func(s *session, u b2URI) error {
				f, err := s.stat(cmd.Context(), u, nil)
				if err != nil {
					return err
				}
				if *legalHold != "" {
					if err := s.UpdateLegalHold(cmd.Context(), f.Name, f.ID, *legalHold == "on"); err != nil {
						return err
					}
				}
				if retention != nil {
					return s.UpdateRetention(cmd.Context(), f.Name, f.ID, *retention, bypass)
				}
				return nil
			})
		},
	}
	legalHold = addChoice(cmd.Flags(), "legal-hold", "", "on, or off", "on", "off")
	mode = addChoice(cmd.Flags(), "file-retention-mode", "", "how the file is retained: compliance, governance or none", "compliance", "governance", "none")
	cmd.Flags().Var(&until, "retain-until", "until when, a `TIMESTAMP` in seconds since 1970")
	cmd.Flags().BoolVar(&bypass, "bypass-governance", false, "shorten or lift a retention in governance mode")
	return cmd
}

// retentionOf is a retention as it was asked for, or nil. Only an existing one
// can be lifted.
func retentionOf(mode string, until timestamp, canLift bool) (*b2.Retention, error) {
	switch {
	case mode == "" && !until.set:
		return nil, nil
	case mode == "none" && canLift:
		return &b2.Retention{}, nil
	case mode == "" || !until.set:
		if canLift && mode != "" {
			return nil, valueError(fmt.Sprintf("must specify retain_until for retention mode %s: --retain-until", enumName(mode)))
		}
		return nil, errors.New("provide either both --retain-until and --file-retention-mode or none of them")
	}
	return &b2.Retention{Mode: mode, Until: time.UnixMilli(until.millis)}, nil
}
