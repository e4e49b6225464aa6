package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// lsOptions are the options of `b2 ls`.
type lsOptions struct {
	listOptions
	long, json, replication bool
}

func newLs(e *env) *cobra.Command {
	var o lsOptions
	cmd := &cobra.Command{
		Use: "ls [B2_URI]", Short: "List files and folders, or all buckets",
		Long: `Lists the files and folders at a place in a bucket; without one, all buckets. Names
with slashes are shown as files in folders, like in a file system.

With --long each line has the file's id, what it is (upload, or hide for a hide
marker), the date and time of its upload in UTC, its size, and its name.

Patterns match whole names: * stands for any characters, slashes too, ? for any one,
[abc] for one of these. Quote them, or the shell will expand them.`,
		Example: `    b2 ls
    b2 ls b2://my-bucket/photos/
    b2 ls -r --versions b2://my-bucket
    b2 ls -r --with-wildcard "b2://my-bucket/*.[ct]sv"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			u, err := e.placeArgument(cmd, args, &o.listOptions, true)
			if err != nil {
				return err
			}
			return e.ls(cmd.Context(), u, &o)
		},
	}
	cmd.Flags().BoolVarP(&o.long, "long", "l", false, "print ids, times and sizes, too")
	cmd.Flags().BoolVar(&o.json, "json", false, "print all there is to know of the files, as JSON")
	cmd.Flags().BoolVar(&o.replication, "replication", false, "print the state of replication, too (with --long)")
	o.add(cmd.Flags())
	return cmd
}

func (e *env) ls(ctx context.Context, u b2URI, o *lsOptions) error {
	if o.long && o.json {
		return errors.New("Cannot use --long and --json options together") //nolint:staticcheck // the reference's words
	}
	s, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if u == (b2URI{}) {
		return s.lsBuckets(ctx, o)
	}
	out := bufio.NewWriterSize(e.stdout, 64<<10)
	if o.json {
		err = s.lsJSON(ctx, out, u, o)
	} else {
		err = s.lsLines(ctx, out, u, o)
	}
	return errors.Join(err, out.Flush())
}

// lsBuckets lists the buckets. Options about files make no sense there.
func (s *session) lsBuckets(ctx context.Context, o *lsOptions) error {
	for _, option := range []struct {
		name string
		set  bool
	}{{"long", o.long}, {"recursive", o.recursive}, {"replication", o.replication}} {
		if option.set {
			return fmt.Errorf("Cannot use --%s option without specifying a bucket name", option.name) //nolint:staticcheck // the reference's words
		}
	}
	return s.printBuckets(ctx, o.json)
}

func (s *session) lsLines(ctx context.Context, out io.Writer, u b2URI, o *lsOptions) error {
	for entry, err := range s.listing(ctx, u, &o.listOptions, false) {
		if err != nil {
			return err
		}
		name := s.env.name(cmp.Or(entry.folder, entry.Name))
		if o.long {
			name = longColumns(&entry, o.replication) + name
		}
		if _, err := fmt.Fprintln(out, name); err != nil {
			return err
		}
	}
	return nil
}

// longColumns is what --long puts before a name.
func longColumns(entry *listed, replication bool) string {
	id, action, date, clock, status := "-", "-", "-", "-", "-"
	var size int64
	if entry.folder == "" {
		at := time.UnixMilli(entry.Uploaded).UTC()
		id, action, size = entry.ID, entry.Action, entry.Size
		status = cmp.Or(strings.ToUpper(entry.Replication), status)
		date, clock = at.Format(time.DateOnly), at.Format(time.TimeOnly)
	}
	columns := fmt.Sprintf("%83s  %6s  %10s  %8s  %9d  ", id, action, date, clock, size)
	if replication {
		columns += status + "  "
	}
	return columns
}

// lsJSON prints a list as the reference does, an entry at a time: the brackets
// and commas stand at the beginning of the lines.
func (s *session) lsJSON(ctx context.Context, out io.Writer, u b2URI, o *lsOptions) error {
	var accountID string
	separator := "[\n"
	for entry, err := range s.listing(ctx, u, &o.listOptions, true) {
		if err != nil {
			return err
		}
		if accountID == "" {
			a, err := s.Account(ctx)
			if err != nil {
				return err
			}
			accountID = a.ID
		}
		text, err := formatJSON(describeFile(&entry.File, accountID))
		if err != nil {
			return err
		}
		if _, err := out.Write(bytes.Join([][]byte{[]byte(separator), text, []byte("\n")}, nil)); err != nil {
			return err
		}
		separator = ","
	}
	end := "]\n"
	if accountID == "" {
		end = "[]\n"
	}
	_, err := io.WriteString(out, end)
	return err
}
