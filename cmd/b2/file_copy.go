package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/wire"
)

// copyOptions are the options of `b2 file server-side-copy`.
type copyOptions struct {
	makeOptions
	noInfo            bool
	fetchMetadata     bool
	metadataDirective string
	span              byteRange
	sourceSSE         *string
}

func newFileServerSideCopy(e *env) *cobra.Command {
	var o copyOptions
	cmd := &cobra.Command{
		Use: "server-side-copy sourceB2Uri destinationB2Uri", Short: "Copy a file inside the service",
		Long: `Copies a file, or a range of its bytes, to another name or bucket. Nothing passes
through this computer.

The copy has the type and the information of the source, unless both are given:
--content-type, with --info or --no-info.`,
		Example: `    b2 file server-side-copy b2://my-bucket/a.txt b2://other-bucket/a.txt
    b2 file server-side-copy --range 0,99 b2id://4_z... b2://my-bucket/head.bin`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := parseURIAs(args[0], anyFile)
			if err != nil {
				return &usageError{cmd, "argument sourceB2Uri: " + err.Error()}
			}
			to, err := parseURIAs(args[1], fileURI)
			if err != nil {
				return &usageError{cmd, "argument destinationB2Uri: " + err.Error()}
			}
			return e.copy(cmd, &o, from, to)
		},
	}
	o.add(cmd)
	return cmd
}

func (o *copyOptions) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	o.makeOptions.add(flags)
	flags.BoolVar(&o.noInfo, "no-info", false, "store no information with the copy")
	flags.Var(&o.span, "range", "copy these bytes only, as `FIRST,LAST`; both are copied")
	flags.BoolVar(&o.fetchMetadata, "fetch-metadata", false, "ask for type and information of the source, as a copy from or to SSE-C needs")
	flags.StringVar(&o.metadataDirective, "metadata-directive", "", "deprecated: follows from --content-type and --info")
	hide(cmd, "metadata-directive")
	o.sourceSSE = addChoice(flags, "source-server-side-encryption", "", "read an encrypted file: SSE-C with the key of "+envSourceKey, "SSE-C")
	addChoice(flags, "source-server-side-encryption-algorithm", "AES256", "the cipher; there is only AES256", "AES256")
}

func (e *env) copy(cmd *cobra.Command, o *copyOptions, from, to b2URI) error {
	ctx := cmd.Context()
	if err := exclusive(cmd, []string{"info", "no-info"}); err != nil {
		return err
	}
	if o.metadataDirective != "" {
		fmt.Fprintln(e.stderr, "--metadata-directive is deprecated, the value of this argument is determined based on the existence of --content-type and --info.")
	}
	m, err := o.parse(e, cmd)
	if err != nil {
		return err
	}
	withInfo := len(m.info) > 0 || o.noInfo
	switch {
	case withInfo && o.contentType == "":
		return errors.New("File info can be set only when content type is set") //nolint:staticcheck // the reference's words
	case !withInfo && o.contentType != "":
		return errors.New("File info can be not set only when content type is not set") //nolint:staticcheck // the reference's words
	}
	sourceSSE, err := e.sourceSSE(*o.sourceSSE)
	if err != nil {
		return err
	}
	customer := sourceSSE != nil || m.sse != nil && m.sse.Key != nil
	if customer && !withInfo && !o.fetchMetadata {
		return errors.New("Attempting to copy file with metadata while either source or destination uses " + //nolint:staticcheck // the reference's words
			"SSE-C. Use --fetch-metadata to fetch source file metadata before copying.")
	}
	s, err := e.open(ctx, transferPatience)
	if err != nil {
		return err
	}
	defer s.Close()
	source, err := s.stat(ctx, from, sourceSSE)
	if err != nil {
		return err
	}
	ref, err := s.bucket(ctx, to.bucket)
	if err != nil {
		return err
	}
	req := b2.CopyRequest{
		Source: source, BucketID: ref.ID, Name: to.path,
		Replace: withInfo, ContentType: o.contentType, Info: m.info,
		Offset: o.span.first, Length: o.span.length(),
		SourceSSE: sourceSSE, SSE: m.sse, Retention: m.retention, LegalHold: m.legalHold,
	}
	if customer && !withInfo {
		req.Replace, req.ContentType, req.Info = true, source.ContentType, source.Info()
		delete(req.Info, wire.InfoSSECKeyID)
	}
	if m.sse != nil && m.sse.KeyID != "" && req.Replace {
		req.Info[wire.InfoSSECKeyID] = m.sse.KeyID
	}
	copied, err := s.Copy(ctx, req)
	if err != nil {
		return err
	}
	return s.printFileVersion(ctx, copied)
}

// byteRange is FIRST,LAST.
type byteRange struct {
	first, last int64
	set         bool
}

func (r *byteRange) String() string {
	if !r.set {
		return ""
	}
	return fmt.Sprintf("%d,%d", r.first, r.last)
}
func (r *byteRange) Type() string { return "range" }

func (r *byteRange) Set(s string) error {
	first, last, ok := strings.Cut(s, ",")
	if !ok || strings.Contains(last, ",") {
		return errors.New("the range must have 2 values: start,end")
	}
	var err, err2 error
	r.first, err = strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	r.last, err2 = strconv.ParseInt(strings.TrimSpace(last), 10, 64)
	if err != nil || err2 != nil || r.first < 0 || r.last < r.first {
		return fmt.Errorf("invalid parse_range value: '%s'", s)
	}
	r.set = true
	return nil
}

// length is how many bytes there are; 0 stands for all.
func (r *byteRange) length() int64 {
	if !r.set {
		return 0
	}
	return r.last - r.first + 1
}
