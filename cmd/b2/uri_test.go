package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestParseURI(t *testing.T) {
	for text, want := range map[string]struct {
		uri b2URI
		err string
	}{
		"b2://":                  {uri: b2URI{}},
		"b2://bucket":            {uri: b2URI{bucket: "bucket"}},
		"b2://bucket/":           {uri: b2URI{bucket: "bucket"}},
		"b2://bucket/a/b c?#%20": {uri: b2URI{bucket: "bucket", path: "a/b c?#%20"}},
		"b2://bucket//a":         {uri: b2URI{bucket: "bucket", path: "/a"}},
		"B2://bucket/x/":         {uri: b2URI{bucket: "bucket", path: "x/"}},
		"b2id://4_zabc":          {uri: b2URI{id: "4_zabc"}},
		"b2id://":                {err: "Invalid B2 URI"},
		"b2id://a/b":             {err: "Invalid B2 URI"},
		"b2:///a":                {err: "all buckets URI doesn't allow non-empty path"},
		"b2://me@bucket/a":       {err: "credentials"},
		"s3://bucket":            {err: "Unsupported URI scheme: 's3'"},
		"bucket/a":               {err: "Unsupported URI scheme: ''"},
		"":                       {err: "Unsupported URI scheme: ''"},
	} {
		got, err := parseURI(text)
		if want.err != "" {
			if err == nil || !strings.Contains(err.Error(), want.err) {
				t.Errorf("%q: %v, want %s", text, err, want.err)
			}
		} else if err != nil || got != want.uri {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want.uri)
		}
	}
}

func TestURIKinds(t *testing.T) {
	for _, test := range []struct {
		text    string
		allowed uriKind
		err     string
	}{
		{"b2://b/f", anyFile, ""},
		{"b2id://x", anyFile, ""},
		{"b2://b/f/", anyFile, "B2 URI pointing to a file-like object is required, but b2://b/f/ was provided"},
		{"b2://b", anyFile, "B2 URI pointing to a file-like object is required"},
		{"b2id://x", fileURI, "b2id:// URI is not allowed here"},
		{"b2://b/f", bucketURI, "B2 URI pointing to a bucket is required"},
		{"b2://b/f", versionURI, "b2id:// URI is required"},
		{"b2://", anyPlace, "Invalid B2 URI: 'b2://'"},
	} {
		if _, err := parseURIAs(test.text, test.allowed); test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: %v, want %q", test.text, err, test.err)
		}
	}
}

func TestParsePlace(t *testing.T) {
	abs := func(path string) string {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return abs
	}
	for text, want := range map[string]struct {
		place place
		err   string
	}{
		"b2://bucket":      {place: place{bucket: "bucket", inBucket: true}},
		"b2://bucket/":     {place: place{bucket: "bucket", inBucket: true}},
		"b2://bucket/a/b/": {place: place{bucket: "bucket", prefix: "a/b", inBucket: true}},
		"b2:bucket/a":      {place: place{bucket: "bucket", prefix: "a", inBucket: true}},
		"b2://":            {place: place{inBucket: true}},
		"b2:":              {place: place{folder: abs("b2:")}},
		"b2:/x":            {place: place{folder: abs("b2:/x")}},
		"folder":           {place: place{folder: abs("folder")}},
		"./b2:folder":      {place: place{folder: abs("b2:folder")}},
		"/x//y/":           {place: place{folder: abs("/x/y")}},
		"b2://bucket//a":   {err: "folder_name '//' not allowed in path names"},
		"s3://bucket":      {err: `sync knows no "s3://"`},
		"b2id://4_z":       {err: `sync knows no "b2id://"`},
		"":                 {err: "an empty path is no folder"},
		"1://x":            {place: place{folder: abs("1:/x")}},
	} {
		got, err := parsePlace(text)
		if want.err != "" {
			if err == nil || !strings.Contains(err.Error(), want.err) {
				t.Errorf("%q: %v, want %s", text, err, want.err)
			}
		} else if err != nil || got != want.place {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want.place)
		}
	}
}

func FuzzParseURI(f *testing.F) {
	for _, text := range []string{"b2://bucket/a", "b2id://x", "b2://", "://", "b2:b", "b2://a@b/c", "\xff://"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if u, err := parseURI(text); err == nil {
			again, err := parseURI(u.String())
			if err != nil || again != u {
				t.Errorf("%q is %+v, which is written %s and read %+v, %v", text, u, u, again, err)
			}
		}
		if p, err := parsePlace(text); err == nil && p.inBucket == (p.folder != "") {
			t.Errorf("%q is %+v", text, p)
		}
	})
}
