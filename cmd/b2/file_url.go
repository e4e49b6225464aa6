package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/wire"
)

func newFileURL(e *env) *cobra.Command {
	var withAuth bool
	duration := number{value: defaultAuthSeconds, set: true}
	cmd := &cobra.Command{
		Use: "url B2_URI", Short: "Print a URL that downloads a file",
		Long: `Prints a URL that downloads a file of a public bucket. For a private bucket, --with-auth
adds a token that is good for some time, and for all files whose names begin with the
file's.`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withURI(cmd, args[0], anyFile, func(s *session, u b2URI) error {
				return s.printURL(cmd.Context(), u, withAuth, duration.value)
			})
		},
	}
	cmd.Flags().BoolVar(&withAuth, "with-auth", false, "add a token for a private bucket")
	cmd.Flags().Var(&duration, "duration", "the token is valid for so many `SECONDS` (default a day)")
	return cmd
}

func (s *session) printURL(ctx context.Context, u b2URI, withAuth bool, seconds int64) error {
	a, err := s.Account(ctx)
	if err != nil {
		return err
	}
	url := downloadURL(a, u)
	if withAuth {
		if u.id != "" {
			return fmt.Errorf("--with-auth needs the file's name: use b2://bucket/file in place of %s", u)
		}
		ref, err := s.bucket(ctx, u.bucket)
		if err != nil {
			return err
		}
		token, err := s.downloadToken(ctx, ref.ID, u.path, seconds)
		if err != nil {
			return err
		}
		url += "?Authorization=" + token
	}
	_, err = fmt.Fprintln(s.env.stdout, url)
	return err
}

// downloadToken makes a token that downloads names with a prefix.
func (s *session) downloadToken(ctx context.Context, bucketID, prefix string, seconds int64) (string, error) {
	token, err := s.DownloadAuthorization(ctx, b2.DownloadAuthorizationRequest{
		BucketID: bucketID, FileNamePrefix: prefix, ValidDurationInSeconds: seconds,
	})
	return string(token), err
}

// downloadURL is where a file can be downloaded.
func downloadURL(a *b2.Account, u b2URI) string {
	if u.id != "" {
		return a.DownloadURL + "/b2api/v4/b2_download_file_by_id?fileId=" + u.id
	}
	return a.DownloadURL + "/file/" + u.bucket + "/" + wire.Escape(strings.TrimPrefix(u.path, "/"))
}
