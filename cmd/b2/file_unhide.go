package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newFileUnhide(e *env) *cobra.Command {
	var bypass bool
	cmd := &cobra.Command{
		Use: "unhide B2_URI", Short: "Bring a hidden file back",
		Long: `Deletes the hide marker of a file, so that the version below it is the newest again.`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			u, err := parseURIAs(args[0], fileURI)
			if err != nil {
				return &usageError{cmd, "argument B2_URI: " + err.Error()}
			}
			return e.withBucket(cmd, u.bucket, func(s *session, ref b2.BucketRef) error {
				return s.unhide(cmd.Context(), ref, u.path, bypass)
			})
		},
	}
	cmd.Flags().BoolVar(&bypass, "bypass-governance", false, "do so although the file is retained in governance mode")
	return cmd
}

// unhide deletes the hide marker that is the newest version of a name.
func (s *session) unhide(ctx context.Context, ref b2.BucketRef, name string, bypass bool) error {
	only := b2.ListOptions{Prefix: name, Start: name, End: name + "\x00", PageSize: exactPage}
	for f, err := range s.ListVersions(ctx, ref.ID, only) {
		switch {
		case err != nil:
			return err
		case f.Action == b2.ActionStart:
			continue
		case f.Action != b2.ActionHide:
			return fmt.Errorf("File not hidden: %s", name) //nolint:staticcheck // the reference's words
		}
		if err := s.DeleteVersion(ctx, f.Name, f.ID, bypass); err != nil {
			return err
		}
		return printJSON(s.env.stdout, describeDeleted(f.Name, f.ID))
	}
	return fmt.Errorf("File not present: %s", name) //nolint:staticcheck // the reference's words
}

// describeDeleted is a version that has been deleted.
func describeDeleted(name, id string) map[string]any {
	return map[string]any{"action": "delete", "fileId": id, "fileName": name}
}
