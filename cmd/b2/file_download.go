package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/wire"
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

// bufferSize is how many bytes --write-buffer-size gathers before they are
// written; 0 writes what has come.
func bufferSize(n number) (int, error) {
	const most = 1 << 30
	return int(n.value), n.within("write-buffer-size", most)
}

func newFileDownload(e *env) *cobra.Command {
	var o downloadOptions
	var threads, streams number
	cmd := &cobra.Command{
		Use: "download B2_URI localFileName", Short: "Download a file",
		Long: `Downloads a file, checks it, and only then puts it in place, over a file of that name.
Into a folder it goes under its own name, beside a file that has the name already.
"-" is standard output; a device or a named pipe is written to as it stands.`,
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
	buffer, err := bufferSize(o.buffer)
	if err != nil {
		return err
	}
	if err := cmp.Or(threads.within("threads", maxThreads), streams.within("max-download-streams-per-file", maxThreads)); err != nil {
		return err
	}
	s, err := e.open(ctx, transferPatience, func(cfg *b2.Config) { cfg.Downloads = int(threads.value) })
	if err != nil {
		return err
	}
	defer s.Close()
	file, err := s.downloadable(ctx, u, sse)
	if err != nil {
		return err
	}
	if to == "-" || isDevice(to) {
		req := openRequest(u, sse)
		req.SkipHash = o.skipHash
		return s.downloadToStream(ctx, req, file, to, buffer)
	}
	req := b2.DownloadRequest{File: file, Streams: int(streams.value), SSE: sse, SkipHash: o.skipHash, WriteBuffer: buffer}
	return s.downloadToFile(ctx, req, to, o.noProgress)
}

// isDevice says whether there is something that can be written to but not
// replaced: a device such as /dev/null, or a named pipe.
func isDevice(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// downloadToStream writes a version to standard output, or to a device.
// What is downloaded is told where the content does not go.
func (s *session) downloadToStream(ctx context.Context, req b2.OpenRequest, file *b2.File, to string, buffer int) error {
	tell := func(w io.Writer, to string) {
		if !s.env.global.quiet {
			s.printDownload(w, file, to)
		}
	}
	if to == "-" {
		tell(s.env.stderr, "stdout")
		return s.write(ctx, s.env.stdout, req, buffer)
	}
	device, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if isStdout(device) {
		tell(s.env.stderr, to)
	} else {
		tell(s.env.stdout, to)
	}
	return errors.Join(s.write(ctx, device, req, buffer), device.Close())
}

// isStdout says whether a file is standard output by another name, such as
// /dev/stdout.
func isStdout(file *os.File) bool {
	this, err := file.Stat()
	if err != nil {
		return false
	}
	out, err := os.Stdout.Stat()
	return err == nil && os.SameFile(this, out)
}

// downloadToFile reads a version into a file beside its place, and puts it
// there when it is whole.
func (s *session) downloadToFile(ctx context.Context, req b2.DownloadRequest, to string, silent bool) error {
	path, err := downloadPath(to, req.File.Name)
	if err != nil {
		return err
	}
	file, err := beginFile(path)
	if err != nil {
		return err
	}
	defer file.discard()
	req.To = file
	stop := s.env.showBytes(filepath.Base(path), req.File.Size, silent, &req.Progress)
	result, err := s.Download(ctx, req)
	stop()
	if err != nil {
		return err
	}
	if err := file.commit(modified(req.File)); err != nil {
		return err
	}
	if !s.env.global.quiet {
		s.printDownload(s.env.stdout, req.File, file.place)
		if result.Verified {
			fmt.Fprintln(s.env.stdout, "Checksum matches")
		}
		fmt.Fprintln(s.env.stdout, "Download finished")
	}
	return nil
}

// modified is when a file's content was last changed, as far as is known.
func modified(f *b2.File) time.Time {
	if millis, ok := f.ModTime(); ok {
		return time.UnixMilli(millis)
	}
	return time.UnixMilli(f.Uploaded)
}

// downloadPath is where a download goes, as an absolute path. In a folder that
// is the place that its name in the bucket says, if the folders for that are
// there, as in the reference; else its last name; and a new name when there is
// such a file, as nobody said that it may be replaced.
func downloadPath(to, name string) (string, error) {
	path, err := filepath.Abs(to)
	if err != nil {
		return "", err
	}
	if !isFolder(path) {
		return path, nil
	}
	base := name[strings.LastIndexByte(name, '/')+1:]
	if base == "" || !filepath.IsLocal(base) || strings.ContainsRune(base, filepath.Separator) {
		return "", fmt.Errorf("%q cannot be the name of a file here: say where it should go", name)
	}
	place := filepath.Join(path, base)
	if deep := filepath.FromSlash(name); filepath.IsLocal(deep) && isFolder(filepath.Join(path, filepath.Dir(deep))) {
		place = filepath.Join(path, deep)
	}
	if _, err := os.Lstat(place); errors.Is(err, fs.ErrNotExist) {
		return place, nil
	}
	extension := filepath.Ext(base)
	return filepath.Join(path, strings.TrimSuffix(base, extension)+"-"+rand.Text()[:8]+extension), nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
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

// unseenText stands for what the key may not see, in the words of the
// reference.
const unseenText = "<unauthorized to read>"

func encryptionText(f *b2.File) string {
	if f.SSEMode == "" {
		return "none"
	}
	text := "mode=" + f.SSEMode + ", algorithm=AES256"
	if id, ok := f.InfoValue(wire.InfoSSECKeyID); ok && f.SSEMode == "SSE-C" {
		text += ", key_id=" + id
	}
	return text
}

func retentionText(f *b2.File) string {
	switch {
	case f.RetentionUnseen:
		return unseenText
	case f.RetentionMode == "":
		return "none"
	}
	until := time.UnixMilli(f.RetainUntil).UTC().Format("2006-01-02 15:04:05.999999-07:00")
	return fmt.Sprintf("mode=%s, retainUntil=%s", f.RetentionMode, until)
}

func legalHoldText(f *b2.File) string {
	if f.HoldUnseen {
		return unseenText
	}
	if hold, ok := describeLegalHold(f).(string); ok {
		return hold
	}
	return "<unset>"
}
