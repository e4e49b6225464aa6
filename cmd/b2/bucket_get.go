package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newBucketGet(e *env) *cobra.Command {
	var size bool
	cmd := &cobra.Command{
		Use: "get bucketName", Short: "Print what a bucket is, as JSON",
		Long: `Prints what a bucket is, as JSON. With --show-size, its files are counted: every
version and every hide marker counts as one. That lists the whole bucket, which costs a
class C call for each 1,000 of them.`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := bucketName(args[0])
			if err != nil {
				return &usageError{cmd, "argument bucketName: " + err.Error()}
			}
			s, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			return s.printBucket(cmd, name, size)
		},
	}
	cmd.Flags().BoolVar(&size, "show-size", false, "count the bucket's files and their bytes")
	return cmd
}

// printBucket looks a bucket up, past what is remembered of it.
func (s *session) printBucket(cmd *cobra.Command, name string, size bool) error {
	ctx := cmd.Context()
	a, err := s.Account(ctx)
	if err != nil {
		return err
	}
	req := b2.ListBucketsRequest{BucketName: &name, BucketTypes: []string{"all"}}
	if a.Allowed.Buckets != nil {
		ref, err := allowedBucket(a.Allowed, name)
		if err != nil {
			return err
		}
		req.BucketID, req.BucketName = &ref.ID, nil
	}
	buckets, err := s.ListBuckets(ctx, req)
	if err != nil {
		return err
	}
	if len(buckets) == 0 {
		return bareError("bucket not found: " + name)
	}
	bucket := &buckets[0]
	s.remember(ctx, b2.BucketRef{ID: bucket.BucketID, Name: bucket.BucketName})
	out := describeBucket(bucket)
	if size {
		var count, total int64
		for file, err := range s.ListVersions(ctx, bucket.BucketID, b2.ListOptions{}) {
			if err != nil {
				return fmt.Errorf("the files could not be counted: %w", err)
			}
			count++
			total += file.Size
		}
		out["fileCount"], out["totalSize"] = count, total
	}
	return printJSON(s.env.stdout, out)
}
