package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newFileInfo(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "info B2_URI", Short: "Print what a file is, as JSON",
		Example: `    b2 file info b2://my-bucket/notes.txt
    b2 file info b2id://4_z...`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withURI(cmd, args[0], anyFile, func(s *session, u b2URI) error {
				return s.printFile(cmd.Context(), u)
			})
		},
	}
}

// printFile prints a version. A name is looked up in the way of a download, so
// that the right to read is enough.
func (s *session) printFile(ctx context.Context, u b2URI) error {
	f, err := s.stat(ctx, u, nil)
	if err != nil {
		return err
	}
	a, err := s.Account(ctx)
	if err != nil {
		return err
	}
	if u.id != "" {
		return printJSON(s.env.stdout, describeFile(f, a.ID))
	}
	out := describeFile(f, a.ID)
	for _, absent := range []string{"accountId", "action", "bucketId", "contentMd5"} {
		delete(out, absent)
	}
	for name, header := range downloadHeaders {
		if value, ok := f.InfoValue(name); ok {
			out[header] = value
			delete(out["fileInfo"].(map[string]string), name)
		}
	}
	return printJSON(s.env.stdout, out)
}

// downloadHeaders are the entries of a file's info that a download shows as
// headers.
var downloadHeaders = map[string]string{
	"b2-cache-control":       "cacheControl",
	"b2-expires":             "expires",
	"b2-content-disposition": "contentDisposition",
	"b2-content-language":    "contentLanguage",
	"b2-content-encoding":    "contentEncoding",
}

// stat looks a version up: by id, or the newest of a name.
func (s *session) stat(ctx context.Context, u b2URI, sse *b2.SSE) (*b2.File, error) {
	if u.id != "" {
		return s.FileInfo(ctx, u.id)
	}
	return s.downloadable(ctx, u, sse)
}

// downloadable looks up what is to be read. Names are looked up as a download
// does, so that the right to read is enough. When that is refused, the file is
// asked for once more: an answer to HEAD has no words that say why.
func (s *session) downloadable(ctx context.Context, u b2URI, sse *b2.SSE) (*b2.File, error) {
	req := openRequest(u, sse)
	f, err := s.Stat(ctx, req)
	if refused, ok := errors.AsType[*b2.Error](err); ok && refused.Code == "" &&
		(refused.Status == http.StatusBadRequest || refused.Status == http.StatusForbidden) {
		req.Length = 1
		if object, why := s.Open(ctx, req); why != nil {
			err = why
		} else {
			object.Close()
		}
	}
	return f, named(err, u)
}

// named says which file is not there, or hidden already. An answer without a
// body cannot.
func named(err error, u b2URI) error {
	switch {
	case u.id == "" && errors.Is(err, fs.ErrNotExist) && !errors.Is(err, b2.ErrBucketNotFound):
		return fmt.Errorf("File not present: %s", u.path) //nolint:staticcheck // the reference's words
	case errors.Is(err, b2.ErrAlreadyHidden):
		return fmt.Errorf("File already hidden: %s", u.path) //nolint:staticcheck // the reference's words
	}
	return err
}
