package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newFileCat(e *env) *cobra.Command {
	var o downloadOptions
	cmd := &cobra.Command{
		Use: "cat B2_URI", Short: "Write a file to standard output",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			sse, err := e.sourceSSE(*o.sse)
			if err != nil {
				return err
			}
			return e.withURI(cmd, args[0], anyFile, func(s *session, u b2URI) error {
				object, err := s.Open(cmd.Context(), openRequest(u, sse))
				if err != nil {
					return named(err, u)
				}
				defer object.Close()
				_, err = io.Copy(e.stdout, object)
				return err
			})
		},
	}
	o.add(cmd.Flags())
	return cmd
}

func openRequest(u b2URI, sse *b2.SSE) b2.OpenRequest {
	return b2.OpenRequest{ID: u.id, Bucket: u.bucket, Name: strings.TrimPrefix(u.path, "/"), SSE: sse}
}
