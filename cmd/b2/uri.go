package main

import (
	"fmt"
	"strings"
)

// b2URI is a place in the service: "b2://bucket/path", a version as
// "b2id://id", or every bucket as "b2://".
type b2URI struct {
	bucket, path string
	id           string // of a version; bucket and path are empty then
}

func (u b2URI) String() string {
	if u.id != "" {
		return "b2id://" + u.id
	}
	return "b2://" + u.bucket + "/" + u.path
}

// isFolder reports a place that can only be a folder.
func (u b2URI) isFolder() bool { return u.id == "" && (u.path == "" || strings.HasSuffix(u.path, "/")) }

// parseURI reads a B2 URI. Errors are in the reference's words.
func parseURI(text string) (b2URI, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return b2URI{}, fmt.Errorf("Unsupported URI scheme: ''") //nolint:staticcheck // the reference's words
	}
	switch strings.ToLower(scheme) {
	case "b2":
		bucket, path, _ := strings.Cut(rest, "/")
		if bucket == "" && path != "" {
			return b2URI{}, fmt.Errorf("Invalid B2 URI: all buckets URI doesn't allow non-empty path, but '/%s' was provided", path)
		}
		if strings.Contains(bucket, "@") {
			return b2URI{}, fmt.Errorf("Invalid B2 URI: credentials passed using `user@password:` syntax is not supported in URI")
		}
		return b2URI{bucket: bucket, path: path}, nil
	case "b2id":
		id := strings.TrimSuffix(rest, "/")
		if id == "" || strings.Contains(id, "/") {
			return b2URI{}, fmt.Errorf("Invalid B2 URI: '%s'", text)
		}
		return b2URI{id: id}, nil
	}
	return b2URI{}, fmt.Errorf("Unsupported URI scheme: '%s'", scheme)
}

// uriKind says what a command's URI may be.
type uriKind int

const (
	bucketURI     uriKind = 1 << iota // b2://bucket
	folderURI                         // b2://bucket/folder/
	fileURI                           // b2://bucket/file
	versionURI                        // b2id://id
	everythingURI                     // b2://

	anyFile  = fileURI | versionURI
	anyPlace = bucketURI | folderURI | fileURI | versionURI
)

// parseURIAs reads a URI of certain kinds.
func parseURIAs(text string, allowed uriKind) (b2URI, error) {
	u, err := parseURI(text)
	if err != nil {
		return u, err
	}
	kind := u.kind()
	if kind&allowed != 0 {
		return u, nil
	}
	switch {
	case kind == versionURI:
		return u, fmt.Errorf("b2id:// URI is not allowed here: use b2://bucket/file instead of '%s'", text)
	case kind == everythingURI:
		return u, fmt.Errorf("Invalid B2 URI: '%s'", text) //nolint:staticcheck // the reference's words
	case allowed&(bucketURI|folderURI|fileURI) == bucketURI:
		return u, fmt.Errorf("B2 URI pointing to a bucket is required, but '%s' was provided", text)
	case allowed&(bucketURI|folderURI|fileURI) == 0:
		return u, fmt.Errorf("b2id:// URI is required, but '%s' was provided", text)
	}
	return u, fmt.Errorf("B2 URI pointing to a file-like object is required, but %s was provided", text)
}

func (u b2URI) kind() uriKind {
	switch {
	case u.id != "":
		return versionURI
	case u.bucket == "":
		return everythingURI
	case u.path == "":
		return bucketURI
	case strings.HasSuffix(u.path, "/"):
		return folderURI
	}
	return fileURI
}

// bucketName reads a bucket's name, which may be written as a URI.
func bucketName(text string) (string, error) {
	if !strings.Contains(text, "://") {
		return text, nil
	}
	u, err := parseURI(text)
	if err != nil {
		return "", err
	}
	if u.kind() != bucketURI {
		return "", fmt.Errorf("Expected a bucket name, but '%s' was provided which contains path part: '%s'", text, u.path)
	}
	return u.bucket, nil
}
