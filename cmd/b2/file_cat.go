package main

import (
	"bufio"
	"context"
	"errors"
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
			buffer, err := bufferSize(o.buffer)
			if err != nil {
				return err
			}
			return e.withURI(cmd, args[0], anyFile, func(s *session, u b2URI) error {
				req := openRequest(u, sse)
				req.SkipHash = o.skipHash
				return named(s.write(cmd.Context(), e.stdout, req, buffer), u)
			}, transferPatience)
		},
	}
	o.add(cmd.Flags())
	return cmd
}

// write writes a version as a stream, in pieces of buffer bytes if that is not
// 0.
func (s *session) write(ctx context.Context, to io.Writer, req b2.OpenRequest, buffer int) error {
	object, err := s.Open(ctx, req)
	if err != nil {
		return err
	}
	defer object.Close()
	if buffer == 0 {
		_, err = io.Copy(to, object)
		return err
	}
	out := bufio.NewWriterSize(to, buffer)
	_, err = io.Copy(out, object)
	return errors.Join(err, out.Flush())
}

func openRequest(u b2URI, sse *b2.SSE) b2.OpenRequest {
	return b2.OpenRequest{ID: u.id, Bucket: u.bucket, Name: strings.TrimPrefix(u.path, "/"), SSE: sse}
}
