package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
)

// listOptions choose the files that `ls` lists and `rm` removes.
type listOptions struct {
	versions, recursive, wildcard bool
	globs                         []b2sync.Glob
}

func (o *listOptions) add(flags *pflag.FlagSet) {
	flags.BoolVarP(&o.recursive, "recursive", "r", false, "go into folders")
	flags.BoolVar(&o.versions, "versions", false, "take all versions of each file, hidden ones too, not just the newest")
	flags.BoolVar(&o.wildcard, "with-wildcard", false, "*, ? and [] in the path stand for other characters; needs --recursive")
	flags.Var(&ordered{&o.globs, true}, "include", "take files whose name matches this `PATTERN`; with these only, all others are left out")
	flags.Var(&ordered{&o.globs, false}, "exclude", "leave out files whose name matches this `PATTERN`; of all patterns, the last that matches decides")
}

// placeArgument is the place that the arguments of `ls` and `rm` name: a URI or,
// as in version 3, a bucket and perhaps a folder. all allows no argument, which
// is every bucket.
func (e *env) placeArgument(cmd *cobra.Command, args []string, o *listOptions, all bool) (b2URI, error) {
	switch {
	case len(args) == 0 && all:
		return b2URI{}, nil
	case len(args) == 0:
		return b2URI{}, &usageError{cmd, "the following arguments are required: B2_URI"}
	case len(args) == 1 && strings.Contains(args[0], "://") && !e.v3():
		allowed := anyPlace
		if all {
			allowed |= everythingURI
		}
		u, err := parseURIAs(args[0], allowed)
		if err != nil {
			return u, &usageError{cmd, "argument B2_URI: " + err.Error()}
		}
		return u, nil
	case len(args) > 2 || len(args) == 2 && strings.Contains(args[0], "://") && !e.v3():
		return b2URI{}, &usageError{cmd, "unrecognized arguments: " + strings.Join(args[min(2, len(args)-1):], " ")}
	}
	if !e.v3() {
		fmt.Fprintln(e.stderr, `WARNING: "bucketName folderName" arguments syntax is deprecated, use "b2://bucketName/folderName" instead`)
	}
	u := b2URI{bucket: strings.TrimSuffix(strings.TrimPrefix(args[0], "b2://"), "/")}
	if len(args) == 2 {
		u.path = args[1]
	}
	if u.path != "" && !o.wildcard && !strings.HasSuffix(u.path, "/") {
		u.path += "/" // in version 3, only ever a folder
	}
	return u, nil
}

// listed is one line of a listing: a version, or a folder with the first
// version in it.
type listed struct {
	b2.File
	folder string // its name with a slash at the end; "" for a version
}

// listing yields what lies at a place, in the order of names. As in a file
// system, a path without a slash at its end is the file of that name, or what
// lies in the folder of that name.
func (s *session) listing(ctx context.Context, u b2URI, o *listOptions, whole bool) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		if u.id != "" {
			file, err := s.FileInfo(ctx, u.id)
			if err != nil {
				yield(listed{}, err)
				return
			}
			yield(listed{File: *file}, nil)
			return
		}
		l, err := newLister(ctx, s, u, o, whole)
		if err != nil {
			yield(listed{}, err)
			return
		}
		l.each(yield)
	}
}

// lister walks through a bucket's names.
type lister struct {
	ctx     context.Context
	client  *b2.Client
	bucket  string // id
	options *listOptions
	names   *b2sync.NameFilter // of --include and --exclude; nil for all
	pattern *b2sync.NameFilter // of --with-wildcard; nil for none
	exact   string             // the path, where it may be a file
	prefix  string             // of the folder
	whole   bool               // the first version in a folder is wanted, too
}

func newLister(ctx context.Context, s *session, u b2URI, o *listOptions, whole bool) (*lister, error) {
	if o.wildcard && !o.recursive {
		return nil, errors.New("with_wildcard requires recursive to be turned on as well")
	}
	ref, err := s.bucket(ctx, u.bucket)
	if err != nil {
		return nil, err
	}
	l := &lister{ctx: ctx, client: s.Client, bucket: ref.ID, options: o, prefix: u.path, whole: whole}
	if len(o.globs) > 0 {
		if l.names, err = b2sync.NewNameFilter(b2sync.FilterSpec{Globs: o.globs}); err != nil {
			return nil, err
		}
	}
	switch {
	case o.wildcard && u.path != "":
		l.prefix = literal(u.path)
		l.pattern, err = b2sync.NewNameFilter(b2sync.FilterSpec{Globs: []b2sync.Glob{{Include: true, Pattern: u.path}}})
		return l, err
	case !u.isFolder():
		l.exact, l.prefix = u.path, u.path+"/"
	}
	return l, nil
}

// literal is the part of a pattern before its first wildcard.
func literal(pattern string) string {
	if i := strings.IndexAny(pattern, "*?["); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

// each yields the file that the path names, and then what lies in the folder.
func (l *lister) each(yield func(listed, error) bool) {
	if l.exact != "" {
		file := b2.ListOptions{Prefix: l.exact, Start: l.exact, End: l.exact + "\x00", PageSize: exactPage}
		for f, err := range l.list(file) {
			keep, err := l.keep(&f, err)
			if (keep || err != nil) && !yield(listed{File: f}, err) || err != nil {
				return
			}
		}
	}
	if !l.options.recursive && l.names == nil && !l.whole {
		l.folderByFolder(yield)
		return
	}
	l.nameByName(yield)
}

// exactPage is the page size when the versions of one name are listed.
const exactPage = 100

// list lists names or versions, as the options say.
func (l *lister) list(o b2.ListOptions) iter.Seq2[b2.File, error] {
	if l.options.versions {
		return l.client.ListVersions(l.ctx, l.bucket, o)
	}
	return l.client.ListNames(l.ctx, l.bucket, o)
}

// keep says whether a file passes the patterns.
func (l *lister) keep(f *b2.File, err error) (bool, error) {
	for _, filter := range []*b2sync.NameFilter{l.pattern, l.names} {
		if err != nil || filter == nil {
			continue
		}
		var keep bool
		if keep, err = filter.Keep(f.Name); err == nil && !keep {
			return false, nil
		}
	}
	return err == nil, err
}

// folderByFolder lets the service put the names of a folder together.
func (l *lister) folderByFolder(yield func(listed, error) bool) {
	for f, err := range l.list(b2.ListOptions{Prefix: l.prefix, Delimiter: "/"}) {
		entry := listed{File: f}
		if err == nil && f.Action == b2.ActionFolder {
			entry.folder = f.Name
		}
		if !yield(entry, err) || err != nil {
			return
		}
	}
}

// nameByName looks at every name. A folder that has been shown is jumped over.
func (l *lister) nameByName(yield func(listed, error) bool) {
	for start := ""; ; {
		beyond, more := l.stretch(start, yield)
		if !more || beyond == "" {
			return
		}
		start = beyond
	}
}

// stretch yields entries from start on, up to and with the first folder. It
// answers where to go on, or "" at the end, and whether more is wanted.
func (l *lister) stretch(start string, yield func(listed, error) bool) (beyond string, more bool) {
	for f, err := range l.list(b2.ListOptions{Prefix: l.prefix, Start: start}) {
		keep, err := l.keep(&f, err)
		if err != nil {
			yield(listed{}, err)
			return "", false
		}
		if !keep {
			continue
		}
		entry := listed{File: f}
		if !l.options.recursive {
			if inner, _, ok := strings.Cut(f.Name[len(l.prefix):], "/"); ok {
				entry.folder = l.prefix + inner + "/"
			}
		}
		if !yield(entry, nil) {
			return "", false
		}
		if entry.folder != "" {
			// "0" follows "/" in the order of names.
			return strings.TrimSuffix(entry.folder, "/") + "0", true
		}
	}
	return "", true
}
