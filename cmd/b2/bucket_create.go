package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newBucketCreate(e *env) *cobra.Command {
	var o bucketOptions
	cmd := &cobra.Command{
		Use: "create bucketName bucketType", Short: "Make a bucket and print its id",
		Long: `Makes a bucket and prints its id. The type is allPrivate, or allPublic for a bucket
whose files everybody can read.`,
		Example: `    b2 bucket create my-bucket allPrivate
    b2 bucket create my-bucket allPrivate --lifecycle-rule '{"fileNamePrefix": "", "daysFromHidingToDeleting": 30}'`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(bucketTypes, args[1]) {
				return &usageError{cmd, "argument bucketType: " + invalidChoice(args[1], bucketTypes).Error()}
			}
			name, err := bucketName(args[0])
			if err != nil {
				return &usageError{cmd, "argument bucketName: " + err.Error()}
			}
			settings, err := o.settings(cmd)
			if err != nil {
				return err
			}
			s, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			bucket, err := s.CreateBucket(cmd.Context(), settings.create(name, args[1]))
			if errors.Is(err, b2.ErrBucketExists) {
				return fmt.Errorf("Bucket name is already in use: %s", name) //nolint:staticcheck // the reference's words
			}
			if err != nil {
				return err
			}
			s.remember(cmd.Context(), b2.BucketRef{ID: bucket.BucketID, Name: bucket.BucketName})
			_, err = fmt.Fprintln(e.stdout, bucket.BucketID)
			return err
		},
	}
	o.add(cmd.Flags())
	return cmd
}

// create is the request for a new bucket with these settings.
func (s *bucketSettings) create(name, kind string) b2.CreateBucketRequest {
	req := b2.CreateBucketRequest{
		BucketName: name, BucketType: kind, DefaultSSE: s.sse, FileLockEnabled: s.fileLock, Replication: s.replication,
	}
	if s.info != nil {
		req.BucketInfo = *s.info
	}
	if s.cors != nil {
		req.CORSRules = *s.cors
	}
	if s.lifecycle != nil {
		req.LifecycleRules = *s.lifecycle
	}
	return req
}
