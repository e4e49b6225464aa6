package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2"
)

// downloadOptions are the options of the commands that read one file.
type downloadOptions struct {
	sse        *string
	skipHash   bool
	noProgress bool
	buffer     number
}

func (o *downloadOptions) add(flags *pflag.FlagSet) {
	o.sse = addChoice(flags, "source-server-side-encryption", "", "read an encrypted file: SSE-C with the key of B2_SOURCE_SSE_C_KEY_B64", "SSE-C")
	addChoice(flags, "source-server-side-encryption-algorithm", "AES256", "the cipher; there is only AES256", "AES256")
	flags.BoolVar(&o.skipHash, "skip-hash-verification", false, "do not check the hash")
	flags.BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	flags.Var(&o.buffer, "write-buffer-size", "gather so many `BYTES` before they are written")
}

// bufferSize is how many bytes are gathered before they are written; 0 writes
// what has come.
func (o *downloadOptions) bufferSize() (int, error) {
	const most = 1 << 30
	if o.buffer.set && (o.buffer.value < 1 || o.buffer.value > most) {
		return 0, fmt.Errorf("--write-buffer-size %d: must be from 1 to %d", o.buffer.value, most)
	}
	return int(o.buffer.value), nil
}

func newFileDownload(e *env) *cobra.Command {
	var o downloadOptions
	var threads, streams number
	cmd := &cobra.Command{
		Use: "download B2_URI localFileName", Short: "Download a file",
		Long: `Downloads a file, checks it, and only then puts it in place, over a file of that name.
Into a folder it goes under its own name, or beside a file that has the name already.
"-" is standard output.`,
		Example: `    b2 file download b2://my-bucket/photos/cat.jpg cat.jpg
    b2 file download b2id://4_z... ~/Downloads/`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.download(cmd, &o, args[0], args[1], threads, streams)
		},
	}
	o.add(cmd.Flags())
	cmd.Flags().Var(&threads, "threads", "receive so many `PARTS` at once (default 10)")
	cmd.Flags().Var(&streams, "max-download-streams-per-file", "receive so many `PARTS` at once at most")
	return cmd
}

func (e *env) download(cmd *cobra.Command, o *downloadOptions, uri, to string, threads, streams number) error {
	ctx := cmd.Context()
	u, err := parseURIAs(uri, anyFile)
	if err != nil {
		return &usageError{cmd, "argument B2_URI: " + err.Error()}
	}
	sse, err := e.sourceSSE(*o.sse)
	if err != nil {
		return err
	}
	buffer, err := o.bufferSize()
	if err != nil {
		return err
	}
	s, err := e.open(ctx, func(cfg *b2.Config) { cfg.Downloads = int(threads.value) })
	if err != nil {
		return err
	}
	defer s.Close()
	file, err := s.downloadable(ctx, u, sse)
	if err != nil {
		return err
	}
	if to == "-" {
		s.printDownload(e.stderr, file, "stdout")
		req := openRequest(u, sse)
		req.SkipHash = o.skipHash
		return s.write(ctx, req, buffer)
	}
	req := b2.DownloadRequest{File: file, Streams: int(streams.value), SSE: sse, SkipHash: o.skipHash, WriteBuffer: buffer}
	return s.downloadToFile(ctx, req, to, o.noProgress)
}

// downloadable looks up what is to be read. Names are looked up as a download
// does, so that the right to read is enough.
func (s *session) downloadable(ctx context.Context, u b2URI, sse *b2.SSE) (*b2.File, error) {
	f, err := s.Stat(ctx, openRequest(u, sse))
	return f, named(err, u)
}

// downloadToFile reads a version into a temporary file beside its place, and
// puts it there when it is whole.
func (s *session) downloadToFile(ctx context.Context, req b2.DownloadRequest, to string, silent bool) error {
	path, err := downloadPath(to, req.File.Name)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".b2-*.part")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // gone already when it was renamed
	defer temp.Close()
	req.To = temp
	stop := s.env.showBytes(filepath.Base(path), req.File.Size, silent, &req.Progress)
	result, err := s.Download(ctx, req)
	stop()
	if err != nil {
		return err
	}
	if err := placeFile(temp, path, modified(req.File)); err != nil {
		return err
	}
	if !s.env.global.quiet {
		s.printDownload(s.env.stdout, req.File, path)
		if result.Verified {
			fmt.Fprintln(s.env.stdout, "Checksum matches")
		}
		fmt.Fprintln(s.env.stdout, "Download finished")
	}
	return nil
}

// placeFile gives a finished file the mode and the time that it should have,
// and its name.
func placeFile(temp *os.File, path string, modTime time.Time) error {
	mode := os.FileMode(0o644)
	if old, err := os.Stat(path); err == nil {
		mode = old.Mode().Perm()
	}
	return errors.Join(
		temp.Chmod(mode),
		temp.Close(),
		os.Chtimes(temp.Name(), modTime, modTime),
		os.Rename(temp.Name(), path),
	)
}

// modified is when a file's content was last changed, as far as is known.
func modified(f *b2.File) time.Time {
	if text, ok := f.InfoValue(b2.InfoModTime); ok {
		var millis int64
		if _, err := fmt.Sscan(text, &millis); err == nil {
			return time.UnixMilli(millis)
		}
	}
	return time.UnixMilli(f.Uploaded)
}

// downloadPath is where a download goes, as an absolute path. In a folder it
// takes the file's own last name, and a new one if there is such a file.
func downloadPath(to, name string) (string, error) {
	path, err := filepath.Abs(to)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		if link, err := filepath.EvalSymlinks(path); err == nil {
			path = link // through a link, the file behind it is replaced
		}
		return path, nil
	}
	base := name[strings.LastIndexByte(name, '/')+1:]
	if base == "" || !filepath.IsLocal(base) || strings.ContainsRune(base, filepath.Separator) {
		return "", fmt.Errorf("%q cannot be the name of a file here: say where it should go", name)
	}
	path = filepath.Join(path, base)
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return path, nil
	}
	extension := filepath.Ext(base)
	unique, err := os.CreateTemp(filepath.Dir(path), strings.TrimSuffix(base, extension)+"*"+extension)
	if err != nil {
		return "", err
	}
	return unique.Name(), errors.Join(unique.Chmod(0o644), unique.Close())
}

// printDownload says what is being downloaded, and to where.
func (s *session) printDownload(w io.Writer, f *b2.File, to string) {
	print := func(label, value string) { fmt.Fprintf(w, "%-20s %s\n", label+":", s.env.name(value)) }
	print("File name", f.Name)
	print("File id", f.ID)
	print("Output file path", to)
	print("File size", fmt.Sprint(f.Size))
	print("Content type", f.ContentType)
	print("Content sha1", describeSHA1(f))
	print("Encryption", encryptionText(f))
	print("Retention", retentionText(f))
	print("Legal hold", legalHoldText(f))
	info := f.Info()
	for _, header := range []struct{ label, name string }{
		{"CacheControl", "b2-cache-control"}, {"Expires", "b2-expires"}, {"ContentDisposition", "b2-content-disposition"},
		{"ContentLanguage", "b2-content-language"}, {"ContentEncoding", "b2-content-encoding"},
	} {
		if value, ok := info[header.name]; ok {
			print(header.label, value)
			delete(info, header.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(info)) {
		print("INFO "+name, info[name])
	}
}

func encryptionText(f *b2.File) string {
	if f.SSEMode == "" {
		return "none"
	}
	text := "mode=" + f.SSEMode + ", algorithm=AES256"
	if id, ok := f.InfoValue("sse_c_key_id"); ok && f.SSEMode == "SSE-C" {
		text += ", key_id=" + id
	}
	return text
}

func retentionText(f *b2.File) string {
	if f.RetentionMode == "" {
		return "none"
	}
	until := time.UnixMilli(f.RetainUntil).UTC().Format("2006-01-02 15:04:05.999999-07:00")
	return fmt.Sprintf("mode=%s, retainUntil=%s", f.RetentionMode, until)
}

func legalHoldText(f *b2.File) string {
	if hold, ok := describeLegalHold(f).(string); ok {
		return hold
	}
	return "<unset>"
}
