package main

import (
	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newBucketDelete(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "delete bucketName", Short: "Delete an empty bucket",
		Long: `Deletes a bucket. It must hold no files, hidden ones and older versions included; to
remove them first, use

    b2 rm --versions --recursive b2://bucketName`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withBucket(cmd, args[0], func(s *session, ref b2.BucketRef) error {
				return s.DeleteBucket(cmd.Context(), ref.ID)
			})
		},
	}
}

// withBucket does something with a bucket in a session of its own.
func (e *env) withBucket(cmd *cobra.Command, name string, do func(*session, b2.BucketRef) error) error {
	name, err := bucketName(name)
	if err != nil {
		return &usageError{cmd, "argument bucketName: " + err.Error()}
	}
	s, err := e.open(cmd.Context())
	if err != nil {
		return err
	}
	defer s.Close()
	return s.inBucket(cmd.Context(), name, func(ref b2.BucketRef) error { return do(s, ref) })
}
