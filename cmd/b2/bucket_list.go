package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newBucketList(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List all buckets of the account",
		Long: `Lists all buckets of the account, one a line: its id, its type and its name. The
names are remembered, so that later commands need not look them up.`,
		Args: params,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			return s.printBuckets(cmd.Context(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print all there is to know of them, as JSON")
	return cmd
}

// printBuckets lists all buckets and remembers their names.
func (s *session) printBuckets(ctx context.Context, asJSON bool) error {
	a, err := s.Account(ctx)
	if err != nil {
		return err
	}
	if a.Allowed.Buckets != nil {
		_, err := allowedBucket(a.Allowed, "\x00no such name")
		return err
	}
	buckets, err := s.ListBuckets(ctx, b2.ListBucketsRequest{BucketTypes: []string{"all"}})
	if err != nil {
		return err
	}
	if file := s.names(); file != nil {
		refs := make([]b2.BucketRef, len(buckets))
		for i := range buckets {
			refs[i] = b2.BucketRef{ID: buckets[i].BucketID, Name: buckets[i].BucketName}
		}
		if err := file.SetBuckets(ctx, refs); err != nil {
			s.log.Warn("the names of buckets were not stored", "err", err)
		}
	}
	if asJSON {
		out := []any{}
		for i := range buckets {
			out = append(out, describeBucket(&buckets[i]))
		}
		return printJSON(s.env.stdout, out)
	}
	for i := range buckets {
		b := &buckets[i]
		if _, err := fmt.Fprintf(s.env.stdout, "%s  %-10s  %s\n", b.BucketID, b.BucketType, s.env.name(b.BucketName)); err != nil {
			return err
		}
	}
	return nil
}
