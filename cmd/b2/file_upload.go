package main

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

// uploadOptions are the options of `b2 file upload`.
type uploadOptions struct {
	makeOptions
	sha1        string
	partSize    number
	threads     number
	timestamp   number
	incremental bool
	noProgress  bool
}

func newFileUpload(e *env) *cobra.Command {
	var o uploadOptions
	cmd := &cobra.Command{
		Use: "upload bucketName localFilePath b2FileName", Short: "Upload a file",
		Long: `Uploads a file and prints where it can be downloaded, and what it is as JSON. Large
files go in parts, several at once.

"-" is standard input. That, and a named pipe, is read as a stream of unknown length,
a part at a time; up to five parts are held in memory. They grow from 17 to 268 MB, so
that a stream can have 1.8 TB. A longer one needs a larger --min-part-size.`,
		Example: `    b2 file upload my-bucket cat.jpg photos/cat.jpg
    b2 file upload --info colour=black my-bucket cat.jpg photos/cat.jpg
    tar c folder | b2 file upload my-bucket - folder.tar`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.upload(cmd, &o, args[0], args[1], args[2])
		},
	}
	flags := cmd.Flags()
	o.add(flags)
	flags.StringVar(&o.sha1, "sha1", "", "the `SHA-1` that the content must have, as 40 hex digits")
	flags.Var(&o.partSize, "min-part-size", "send parts of at least so many `BYTES`")
	flags.Var(&o.threads, "threads", "send so many `PARTS` at once (default 10)")
	flags.BoolVar(&o.incremental, "incremental-mode", false, "when the file has only grown since it was last uploaded, send what was appended")
	flags.Var(&o.timestamp, "custom-upload-timestamp", "pretend that the file was uploaded at this time, in `MILLIS` since 1970; few accounts may")
	flags.BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	return cmd
}

func (e *env) upload(cmd *cobra.Command, o *uploadOptions, bucket, path, name string) error {
	ctx := cmd.Context()
	m, err := o.parse(e, cmd)
	if err != nil {
		return err
	}
	content, err := e.openContent(path)
	if err != nil {
		return err
	}
	defer content.Close()
	bucket, err = bucketName(bucket)
	if err != nil {
		return &usageError{cmd, "argument bucketName: " + err.Error()}
	}
	if err := o.threads.within("threads", maxThreads); err != nil {
		return err
	}
	s, err := e.open(ctx, transferPatience, func(cfg *b2.Config) { cfg.Uploads = int(o.threads.value) })
	if err != nil {
		return err
	}
	defer s.Close()
	ref, err := s.bucket(ctx, bucket)
	if err != nil {
		return err
	}
	req := b2.UploadRequest{
		BucketID: ref.ID, Name: name, ContentType: o.contentType, Info: m.info, PartSize: o.partSize.value,
		SSE: m.sse, Retention: m.retention, LegalHold: m.legalHold, CustomTimestamp: o.timestamp.value,
	}
	var stored *b2.File
	if content.file == nil {
		if o.sha1 != "" {
			return errors.New("--sha1 needs a file: a stream can be read only once")
		}
		if o.incremental {
			return errors.New("--incremental-mode needs a file: a stream can be read only once")
		}
		stored, err = s.uploadStream(ctx, content, req, o)
	} else {
		stored, err = s.uploadFile(ctx, content, req, o)
	}
	if err != nil {
		return err
	}
	return s.printUpload(ctx, bucket, stored)
}

// content is what is uploaded: a regular file, or a stream.
type content struct {
	io.Reader
	file *os.File // nil for a stream
	info os.FileInfo
	io.Closer
}

// openContent opens a file or a stream.
func (e *env) openContent(path string) (*content, error) {
	if path == "-" {
		return &content{Reader: e.stdin, Closer: io.NopCloser(nil)}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
		file.Close()
		return nil, err
	case info.IsDir():
		file.Close()
		return nil, fmt.Errorf("%s is a folder: use b2 sync for folders", path)
	case info.Mode()&os.ModeNamedPipe != 0:
		return &content{Reader: file, Closer: file}, nil
	case !info.Mode().IsRegular():
		file.Close()
		return nil, fmt.Errorf("Invalid upload source: %s", path) //nolint:staticcheck // the reference's words
	}
	return &content{Reader: file, Closer: file, file: file, info: info}, nil
}

func (s *session) uploadFile(ctx context.Context, c *content, req b2.UploadRequest, o *uploadOptions) (*b2.File, error) {
	if o.sha1 != "" {
		if err := checkSHA1(c.file, o.sha1); err != nil {
			return nil, err
		}
	}
	req.Content, req.Size = c.file, c.info.Size()
	req.ModTime = new(c.info.ModTime().UnixMilli())
	req.Check = func() error {
		now, err := c.file.Stat()
		if err == nil && (now.Size() != c.info.Size() || !now.ModTime().Equal(c.info.ModTime())) {
			err = fmt.Errorf("%s changed while it was being uploaded", c.file.Name())
		}
		return err
	}
	if o.incremental {
		var err error
		if req.Base, err = s.newest(ctx, req.BucketID, req.Name); err != nil {
			return nil, err
		}
	}
	stop := s.env.showBytes(c.info.Name(), req.Size, o.noProgress, &req.Progress)
	defer stop()
	return s.Upload(ctx, req)
}

// newest is the version that a name shows, or nil.
func (s *session) newest(ctx context.Context, bucketID, name string) (*b2.File, error) {
	for f, err := range s.ListNames(ctx, bucketID, b2.ListOptions{Prefix: name, Start: name, End: name + "\x00", PageSize: 1}) {
		if err != nil {
			return nil, err
		}
		return &f, nil
	}
	return nil, nil
}

// checkSHA1 refuses a file that is not what the user takes it for.
func checkSHA1(file *os.File, want string) error {
	hash := sha1.New()
	if _, err := io.Copy(hash, io.NewSectionReader(file, 0, 1<<62)); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); !strings.EqualFold(got, want) {
		return fmt.Errorf("%s has the SHA-1 %s, not %s", file.Name(), got, want)
	}
	return nil
}

// printUpload says where a new version can be downloaded, and what it is.
func (s *session) printUpload(ctx context.Context, bucket string, f *b2.File) error {
	a, err := s.Account(ctx)
	if err != nil {
		return err
	}
	if !s.env.global.quiet {
		fmt.Fprintf(s.env.stdout, "URL by file name: %s\nURL by fileId: %s\n",
			downloadURL(a, b2URI{bucket: bucket, path: f.Name}), downloadURL(a, b2URI{id: f.ID}))
	}
	return printJSON(s.env.stdout, describeFile(f, a.ID))
}

// printFileVersion prints a version as JSON.
func (s *session) printFileVersion(ctx context.Context, f *b2.File) error {
	a, err := s.Account(ctx)
	if err != nil {
		return err
	}
	return printJSON(s.env.stdout, describeFile(f, a.ID))
}
