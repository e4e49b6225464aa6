package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2"
)

// makeOptions are the options of the commands that make a version: what is
// stored with it.
type makeOptions struct {
	contentType string
	info        []string
	headers     [5]string // as in headerOptions
	sse         *string
	mode        *string
	until       timestamp
	legalHold   *string
}

// headerOptions are the options that set what downloads show as headers.
var headerOptions = [5]struct{ option, info, usage string }{
	{"cache-control", "b2-cache-control", "the header Cache-Control of downloads, a `VALUE` such as 'public, max-age=86400'"},
	{"content-disposition", "b2-content-disposition", "the header Content-Disposition of downloads, a `VALUE` such as 'attachment; filename=\"a.txt\"'"},
	{"content-encoding", "b2-content-encoding", "the header Content-Encoding of downloads, a `VALUE` such as gzip"},
	{"content-language", "b2-content-language", "the header Content-Language of downloads, a `VALUE` such as 'mi, en'"},
	{"expires", "b2-expires", "the header Expires of downloads, a `VALUE` such as 'Thu, 01 Dec 2050 16:00:00 GMT'"},
}

func (o *makeOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.contentType, "content-type", "", "the MIME `TYPE`; without it, chosen by the name's extension")
	flags.StringArrayVar(&o.info, "info", nil, "store this `NAME=VALUE` with the file; may be repeated")
	for i, header := range headerOptions {
		flags.StringVar(&o.headers[i], header.option, "", header.usage)
	}
	o.sse = addChoice(flags, "destination-server-side-encryption", "", "encrypt the file: SSE-B2, or SSE-C with the key of "+envDestinationKey, "SSE-B2", "SSE-C")
	addChoice(flags, "destination-server-side-encryption-algorithm", "AES256", "the cipher; there is only AES256", "AES256")
	o.mode = addChoice(flags, "file-retention-mode", "", "retain the file: compliance or governance", "compliance", "governance")
	flags.Var(&o.until, "retain-until", "until when, a `TIMESTAMP` in seconds since 1970")
	o.legalHold = addChoice(flags, "legal-hold", "", "set a legal hold: on or off", "on", "off")
}

// made is what the options ask for.
type made struct {
	info      map[string]string
	sse       *b2.SSE
	retention *b2.Retention
	legalHold string
}

func (o *makeOptions) parse(e *env, cmd *cobra.Command) (*made, error) {
	info, err := parseInfo(o.info)
	if err != nil {
		return nil, err
	}
	var replaced []string
	for i, header := range headerOptions {
		if !cmd.Flags().Changed(header.option) {
			continue
		}
		if old, ok := info[header.info]; ok && old != o.headers[i] {
			replaced = append(replaced, fmt.Sprintf("    %s = %s", header.info, o.headers[i]))
		}
		info[header.info] = o.headers[i]
	}
	if replaced != nil {
		fmt.Fprintf(e.stderr, "The following file info items will be overwritten by explicit arguments:\n%s\n", strings.Join(replaced, "\n"))
	}
	m := &made{info: info, legalHold: *o.legalHold}
	if m.sse, err = e.destinationSSE(*o.sse); err != nil {
		return nil, err
	}
	m.retention, err = retentionOf(*o.mode, o.until, false)
	return m, err
}

// parseInfo reads NAME=VALUE words.
func parseInfo(words []string) (map[string]string, error) {
	info := map[string]string{}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("Bad file info: %s", word) //nolint:staticcheck // the reference's words
		}
		info[strings.ToLower(name)] = value
	}
	return info, nil
}
