package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
)

// The commands of earlier versions that name a version by its id, and perhaps
// by its name to save looking that up.

func newDeleteFileVersion(e *env) *cobra.Command {
	var bypass bool
	cmd := &cobra.Command{
		Use: "delete-file-version [fileName] fileId", Short: "Delete one version of a file, for good",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withVersion(cmd, args, func(s *session, name, id string) error {
				if err := s.DeleteVersion(cmd.Context(), name, id, bypass); err != nil {
					return err
				}
				return printJSON(e.stdout, describeDeleted(name, id))
			})
		},
	}
	cmd.Flags().BoolVar(&bypass, "bypass-governance", false, "delete the file although it is retained in governance mode")
	return cmd
}

func newUpdateLegalHold(e *env) *cobra.Command {
	states := []string{"on", "off"}
	return &cobra.Command{
		Use: "update-file-legal-hold [fileName] fileId legalHold", Short: "Set or lift the legal hold of a file",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			version, state, err := splitLast(cmd, args, "legalHold", states)
			if err != nil {
				return err
			}
			return e.withVersion(cmd, version, func(s *session, name, id string) error {
				return s.UpdateLegalHold(cmd.Context(), name, id, state == "on")
			})
		},
	}
}

func newUpdateRetention(e *env) *cobra.Command {
	var until timestamp
	var bypass bool
	modes := []string{"governance", "compliance", "none"}
	cmd := &cobra.Command{
		Use: "update-file-retention [fileName] fileId retentionMode", Short: "Change how long nobody can delete a file",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			version, mode, err := splitLast(cmd, args, "retentionMode", modes)
			if err != nil {
				return err
			}
			retention, err := retentionOf(mode, until, true)
			if err != nil {
				return err
			}
			return e.withVersion(cmd, version, func(s *session, name, id string) error {
				return s.UpdateRetention(cmd.Context(), name, id, *retention, bypass)
			})
		},
	}
	cmd.Flags().Var(&until, "retain-until", "until when, a `TIMESTAMP` in seconds since 1970")
	cmd.Flags().BoolVar(&bypass, "bypass-governance", false, "shorten or lift a retention in governance mode")
	return cmd
}

// splitLast takes the last argument, which must be one of a few words.
func splitLast(cmd *cobra.Command, args []string, name string, allowed []string) (rest []string, last string, err error) {
	rest, last = args[:len(args)-1], args[len(args)-1]
	if !slices.Contains(allowed, last) {
		return nil, "", &usageError{cmd, "argument " + name + ": " + invalidChoice(last, allowed).Error()}
	}
	return rest, last, nil
}

// withVersion does something with the version that "[fileName] fileId" names.
func (e *env) withVersion(cmd *cobra.Command, args []string, do func(s *session, name, id string) error) error {
	s, err := e.open(cmd.Context())
	if err != nil {
		return err
	}
	defer s.Close()
	id := args[len(args)-1]
	name, err := s.nameOf(cmd.Context(), args)
	if err != nil {
		return err
	}
	return do(s, name, id)
}

func (s *session) nameOf(ctx context.Context, args []string) (string, error) {
	if len(args) > 1 {
		return args[0], nil
	}
	f, err := s.FileInfo(ctx, args[0])
	if err != nil {
		return "", err
	}
	return f.Name, nil
}

func newUploadUnboundStream(e *env) *cobra.Command {
	cmd := newFileUpload(e)
	cmd.Flags().Var(cmd.Flags().Lookup("min-part-size").Value, "part-size", "send parts of so many `BYTES`")
	return cmd
}
