package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is one side of a sync as the user wrote it: a bucket with a prefix, or
// a local folder.
type place struct {
	bucket, prefix string
	folder         string // absolute; "" for a bucket
	inBucket       bool
}

// parsePlace reads "b2://bucket/prefix", "b2:bucket/prefix" or a local path.
func parsePlace(text string) (place, error) {
	if rest, ok := strings.CutPrefix(text, "b2://"); ok {
		return bucketPlace(rest)
	}
	if rest, ok := strings.CutPrefix(text, "b2:"); ok {
		if first, _ := utf8.DecodeRuneInString(rest); unicode.IsLetter(first) || unicode.IsDigit(first) {
			return bucketPlace(rest)
		}
	}
	if scheme, _, ok := strings.Cut(text, "://"); ok && isScheme(scheme) {
		return place{}, fmt.Errorf("%s: sync knows no %q, only b2://bucket/prefix and local folders", text, scheme+"://")
	}
	if text == "" {
		return place{}, errors.New("an empty path is no folder: use . for the folder that you are in")
	}
	folder, err := filepath.Abs(text)
	return place{folder: folder}, err
}

func bucketPlace(rest string) (place, error) {
	if strings.Contains(rest, "//") {
		return place{}, errors.New("folder_name '//' not allowed in path names")
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	return place{bucket: bucket, prefix: strings.TrimSuffix(prefix, "/"), inBucket: true}, nil
}

// isScheme reports a word that looks like the scheme of a URI.
func isScheme(word string) bool {
	if word == "" {
		return false
	}
	for i, c := range []byte(word) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return true
}

// checkPlaces refuses what can be refused without looking at either side, in
// the reference's words where it has them.
func checkPlaces(src, dst place, o *syncOptions) error {
	switch {
	case !src.inBucket && !dst.inBucket:
		return errors.New("Sync between two local folders is not supported!") //nolint:staticcheck // the reference's words
	case !dst.inBucket && o.keepDays.set:
		return errors.New("keep_days_or_delete cannot be used for local files")
	case !dst.inBucket && *o.destinationSSE != "":
		return errors.New("server-side encryption cannot be set for a non-b2 sync destination")
	case !src.inBucket && *o.sourceSSE != "":
		return errors.New("server-side encryption cannot be set for a non-b2 sync source")
	case !dst.inBucket && o.createBucket:
		return errors.New("--create-bucket: the destination is a local folder")
	}
	return nil
}

// String is the place as it is written on the command line, with an absolute
// path.
func (p place) String() string {
	switch {
	case !p.inBucket:
		return p.folder
	case p.prefix == "":
		return "b2://" + p.bucket
	}
	return "b2://" + p.bucket + "/" + p.prefix
}
