package b2sync

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bowline-sync/bowline/b2"
)

// A Location is one side of a sync: a local folder, or a bucket's names below
// a prefix.
type Location interface {
	fmt.Stringer // as people write it: a path or a B2 URI

	// scan yields what lies in r, in the order of names.
	scan(ctx context.Context, r Range, o scanOptions) iter.Seq2[*entry, error]
	// full is the name as people look for it: a local path, or the file name in
	// the bucket.
	full(name string) string
}

// scanOptions say what a scan is for.
type scanOptions struct {
	*Options
	source   bool // the rules that choose among source files apply (P3)
	versions bool // of a bucket: all versions, not only the newest
	// until is where the range ends by now: its end may come down.
	until func() string
	// unfinished is told the temporary files in a folder; nil if nobody wants
	// to know.
	unfinished func(name string)
}

// Folder is a local folder. As a source its links are followed; as a
// destination they never are (P5), and the folder is made when it is missing.
func Folder(path string) Location {
	return &folderSide{root: filepath.Clean(path)}
}

// Bucket is the part of a bucket below prefix; an empty prefix is all of it.
// The prefix is a folder: "a" and "a/" mean the names that begin with "a/".
func Bucket(client *b2.Client, ref b2.BucketRef, prefix string) Location {
	if prefix = strings.TrimSuffix(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return &bucketSide{client: client, ref: ref, prefix: prefix}
}

// overlap reports source and destination that lie inside each other in one
// bucket, where a run would take up what it has just made, or remove what it
// reads. The same place twice is allowed: it changes nothing, unless the source
// is seen as it was at an earlier time.
func overlap(src, dst *bucketSide, names *NameFilter) error {
	if src.ref.ID != dst.ref.ID || src.prefix == dst.prefix {
		return nil
	}
	inner, within := strings.CutPrefix(dst.prefix, src.prefix)
	if !within {
		if inner, within = strings.CutPrefix(src.prefix, dst.prefix); !within {
			return nil
		}
	}
	if !names.EnterCould(strings.TrimSuffix(inner, "/")) {
		return nil
	}
	return fmt.Errorf("%s and %s lie inside each other: add --exclude-dir-regex %s or choose places that do not",
		src, dst, shellQuote(regexp.QuoteMeta(strings.TrimSuffix(inner, "/"))+"$"))
}

// shellQuote is word as a shell takes it to be one.
func shellQuote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
}
