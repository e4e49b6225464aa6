package b2sync

import (
	"strings"

	"github.com/bowline-sync/bowline/b2"
)

// entryKind is what a side found under a name.
type entryKind uint8

const (
	isFile           entryKind = iota // a file, or a name whose newest version has content
	isHidden                          // a name whose newest version is a hide marker: counts as absent
	isFolder                          // a local folder, or a folder marker of an S3 tool
	isHole                            // something that could not be seen
	isExcluded                        // something that a rule leaves out
	isExcludedHidden                  // the same, of a name whose newest version is a hide marker: no file of the source (P4)
)

// An entry is what one side has under one name.
//
// A scan reuses its entry: it is good until the next one is asked for.
type entry struct {
	name    string
	kind    entryKind
	size    int64
	modTime int64 // ms since the epoch
	err     error // why there is a hole
	// below is set when a hole or an exclusion speaks of a whole folder; its
	// name then ends in "/".
	below bool

	// Of a local file only: what its hash is remembered by, and the hash once
	// it is known.
	state FileState
	sha1  string

	// Of a bucket only. The newest version that counts, and the versions below
	// it, newest first, if the scan was asked for versions.
	file  b2.File
	older []b2.File
	bare  bool // file has no readable modification time: modTime is when it was uploaded
}

// covers says whether e, a hole or an exclusion of a whole folder, lies over
// name.
func (e *entry) covers(name string) bool {
	return e.below && strings.HasPrefix(name, e.name)
}

// opaque says whether e only says that something is not to be known.
func (e *entry) opaque() bool { return e.kind == isHole || e.excluded() }

// excluded says whether a rule leaves e out.
func (e *entry) excluded() bool { return e.kind == isExcluded || e.kind == isExcludedHidden }

// hash is the SHA-1 of the content in hex, as far as it is known.
func (e *entry) hash() string {
	if e.file.ID != "" {
		return e.file.ContentSHA1()
	}
	return e.sha1
}

// versions are the versions of a bucket's entry, newest first.
func (e *entry) versions() []b2.File {
	return append([]b2.File{e.file}, e.older...)
}
