package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newFileLarge(e *env) *cobra.Command {
	return newGroup("large", "Look after large files that are not finished",
		newFileLargeParts(e),
		newGroup("unfinished", "List and cancel large files that are not finished",
			newFileLargeUnfinishedCancel(e), newFileLargeUnfinishedList(e)))
}

func newFileLargeParts(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "parts B2_URI", Short: "List the parts of a large file that is not finished",
		Long: `Lists the parts that have been sent of a large file that is not finished, one a line:
its number, its size and its SHA-1.`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withURI(cmd, args[0], versionURI, func(s *session, u b2URI) error {
				return s.printParts(cmd.Context(), u.id)
			})
		},
	}
}

func (s *session) printParts(ctx context.Context, id string) error {
	for part, err := range s.ListParts(ctx, id) {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(s.env.stdout, "%5d  %9d  %s\n", part.PartNumber, part.ContentLength, part.ContentSHA1); err != nil {
			return err
		}
	}
	return nil
}

func newFileLargeUnfinishedList(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list B2_URI", Short: "List a bucket's large files that are not finished",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withURI(cmd, args[0], bucketURI, func(s *session, u b2URI) error {
				return s.printUnfinished(cmd.Context(), u.bucket)
			})
		},
	}
}

func (s *session) printUnfinished(ctx context.Context, bucket string) error {
	ref, err := s.bucket(ctx, bucket)
	if err != nil {
		return err
	}
	for f, err := range s.ListUnfinished(ctx, ref.ID, "") {
		if err != nil {
			return err
		}
		var words []string
		info := f.Info()
		for _, name := range slices.Sorted(maps.Keys(info)) {
			words = append(words, name+"="+info[name])
		}
		line := strings.Join([]string{f.ID, f.Name, f.ContentType, strings.Join(words, " ")}, " ")
		if _, err := fmt.Fprintln(s.env.stdout, s.env.name(line)); err != nil {
			return err
		}
	}
	return nil
}

func newFileLargeUnfinishedCancel(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "cancel B2_URI", Short: "Cancel large files that are not finished",
		Long: `Cancels one large file that is not finished, by its id, or all of a bucket. The parts
that were sent are deleted.`,
		Example: `    b2 file large unfinished cancel b2id://4_z...
    b2 file large unfinished cancel b2://my-bucket`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withURI(cmd, args[0], versionURI|bucketURI, func(s *session, u b2URI) error {
				return s.cancelUnfinished(cmd.Context(), u)
			})
		},
	}
}

func (s *session) cancelUnfinished(ctx context.Context, u b2URI) error {
	if u.id != "" {
		return s.cancelOne(ctx, u.id)
	}
	ref, err := s.bucket(ctx, u.bucket)
	if err != nil {
		return err
	}
	for f, err := range s.ListUnfinished(ctx, ref.ID, "") {
		if err != nil {
			return err
		}
		if err := s.cancelOne(ctx, f.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) cancelOne(ctx context.Context, id string) error {
	if err := s.CancelLargeFile(ctx, id); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.env.stdout, id, "canceled")
	return err
}
