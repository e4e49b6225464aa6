package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newFileHide(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "hide B2_URI [fileName]", Short: "Hide a file, keeping its versions",
		Long: `Puts a hide marker on a file: it is no longer listed or downloaded by name. Its versions
stay, and unhide brings it back.`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			u, err := e.fileArgument(cmd, args)
			if err != nil {
				return err
			}
			return e.withBucket(cmd, u.bucket, func(s *session, ref b2.BucketRef) error {
				f, err := s.Hide(cmd.Context(), ref.ID, u.path)
				if err != nil {
					return named(err, u)
				}
				return s.printFileVersion(cmd.Context(), f)
			})
		},
	}
}

// fileArgument is a file named by a URI or, as in earlier versions, by a bucket
// and a name.
func (e *env) fileArgument(cmd *cobra.Command, args []string) (b2URI, error) {
	if len(args) == 2 {
		bucket, err := bucketName(args[0])
		if err != nil {
			return b2URI{}, &usageError{cmd, "argument B2_URI: Both B2 URI and file name were provided, but only one is expected"}
		}
		if oldCommand(cmd) == nil {
			fmt.Fprintln(e.stderr, `WARNING: "bucketName fileName" arguments syntax is deprecated, use "b2://bucketName/fileName" instead`)
		}
		return b2URI{bucket: bucket, path: args[1]}, nil
	}
	u, err := parseURIAs(args[0], fileURI)
	if err != nil {
		return u, &usageError{cmd, "argument B2_URI: " + err.Error()}
	}
	return u, nil
}
