package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newBucketGetDownloadAuth(e *env) *cobra.Command {
	var prefix string
	duration := number{value: defaultAuthSeconds, set: true}
	cmd := &cobra.Command{
		Use: "get-download-auth bucketName", Short: "Print a token that can download files of a bucket",
		Long: `Prints a token that can download the files of a bucket whose names begin with a
prefix, for some time, and nothing else.`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withBucket(cmd, args[0], func(s *session, ref b2.BucketRef) error {
				token, err := s.downloadToken(cmd.Context(), ref.ID, prefix, duration.value)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(e.stdout, token)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&prefix, "prefix", "", "names must begin with this `PREFIX`")
	cmd.Flags().Var(&duration, "duration", "valid for so many `SECONDS` (default a day)")
	return cmd
}

// defaultAuthSeconds is how long a token for downloads is good for: a day.
const defaultAuthSeconds = 86400
