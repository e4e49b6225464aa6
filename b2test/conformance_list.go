package b2test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

var listRules = []rule{
	{"names come in the order of their bytes", func(t *testing.T, a *api) {
		b := a.bucket(t)
		want := []string{"A", "a", "a b", "a.txt", "a/b", "a/b/c", "a0", "b", "é", "自"}
		for _, name := range slices.Backward(want) {
			b.upload(t, name, "x")
		}
		if got := b.names(t, "b2_list_file_names", nil); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := b.names(t, "b2_list_file_names", object{"startFileName": "a."}); !slices.Equal(got, want[3:]) {
			t.Errorf("from a.: %v", got)
		}
		if got := b.names(t, "b2_list_file_names", object{"prefix": "a/"}); !slices.Equal(got, []string{"a/b", "a/b/c"}) {
			t.Errorf("prefix a/: %v", got)
		}
		if got := b.names(t, "b2_list_file_names", object{"prefix": "a/", "startFileName": "b"}); got != nil {
			t.Errorf("start past the prefix: %v", got)
		}
	}},
	{"pages join without gap or repetition", func(t *testing.T, a *api) {
		b := a.bucket(t)
		var want []string
		for i := range 7 {
			name := fmt.Sprintf("n%d", i)
			b.upload(t, name, "x")
			want = append(want, name)
		}
		for _, size := range []int{1, 2, 3, 7, 8} {
			var got []string
			req := object{"bucketId": b.id, "maxFileCount": size}
			for {
				page := b.call(t, "b2_list_file_names", req).ok(t)
				if !page.has("nextFileName") {
					t.Fatal("nextFileName is missing")
				}
				got = append(got, entries(page.list("files"))...)
				if page.fields["nextFileName"] == nil {
					break
				}
				req["startFileName"] = page.str("nextFileName")
			}
			if !slices.Equal(got, want) {
				t.Errorf("pages of %d: %v", size, got)
			}
		}
	}},
	{"hidden names are not shown, older versions neither", func(t *testing.T, a *api) {
		b := a.bucket(t)
		b.upload(t, "hidden", "1")
		b.upload(t, "shown", "old")
		b.upload(t, "shown", "newer")
		b.hide(t, "hidden").ok(t)
		page := b.call(t, "b2_list_file_names", object{"bucketId": b.id}).ok(t).list("files")
		if len(page) != 1 || page[0].num("contentLength") != 5 {
			t.Errorf("names: %v", page)
		}
	}},
	{"versions come newest first, with markers and unfinished files", func(t *testing.T, a *api) {
		b := a.bucket(t)
		b.upload(t, "n", "1")
		b.upload(t, "n", "22")
		b.hide(t, "n").ok(t)
		b.start(t, "n")
		files := b.call(t, "b2_list_file_versions", object{"bucketId": b.id}).ok(t).list("files")
		if got := entries(files); !slices.Equal(got, []string{"start n", "hide n", "n", "n"}) {
			t.Fatalf("versions: %v", got)
		}
		if files[2].num("contentLength") != 2 {
			t.Errorf("not newest first: %v", files)
		}
		for i := range files[1:] {
			if files[i].num("uploadTimestamp") < files[i+1].num("uploadTimestamp") {
				t.Errorf("timestamps rise: %v", files)
			}
		}
	}},
	{"pages of versions join", func(t *testing.T, a *api) {
		b := a.bucket(t)
		for _, name := range []string{"a", "b", "b", "b", "c", "c"} {
			b.upload(t, name, "x")
		}
		whole := b.call(t, "b2_list_file_versions", object{"bucketId": b.id}).ok(t).list("files")
		for _, size := range []int{1, 2, 4} {
			var got []fields
			req := object{"bucketId": b.id, "maxFileCount": size}
			for {
				page := b.call(t, "b2_list_file_versions", req).ok(t)
				wantFields(t, page.fields, "nextFileName", "nextFileId")
				got = append(got, page.list("files")...)
				if page.fields["nextFileName"] == nil {
					break
				}
				req["startFileName"], req["startFileId"] = page.fields["nextFileName"], page.fields["nextFileId"]
			}
			if !slices.EqualFunc(got, whole, func(x, y fields) bool { return x.str("fileId") == y.str("fileId") }) {
				t.Errorf("pages of %d: %v", size, entries(got))
			}
		}
	}},
	{"a start at a deleted version goes on after it", func(t *testing.T, a *api) {
		b := a.bucket(t)
		old := b.upload(t, "n", "1")
		gone := b.upload(t, "n", "2")
		b.upload(t, "n", "3")
		a.delete(t, gone.fields).ok(t)
		got := b.call(t, "b2_list_file_versions", object{"bucketId": b.id, "startFileName": "n", "startFileId": gone.str("fileId")}).ok(t).list("files")
		if len(got) != 1 || got[0].str("fileId") != old.str("fileId") {
			t.Errorf("got %v", got)
		}
	}},
	{"startFileId needs startFileName", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "1")
		a.call(t, "b2_list_file_versions", object{"bucketId": b.id, "startFileId": f.str("fileId")}).fails(t, 400, "bad_request")
	}},
	{"a delimiter folds folders", func(t *testing.T, a *api) {
		b := a.bucket(t)
		for _, name := range []string{"a", "d/1", "d/2", "d/e/3", "hidden/x", "z"} {
			b.upload(t, name, "x")
		}
		b.hide(t, "hidden/x").ok(t)
		if got := b.names(t, "b2_list_file_names", object{"delimiter": "/"}); !slices.Equal(got, []string{"a", "folder d/", "z"}) {
			t.Errorf("top: %v", got)
		}
		if got := b.names(t, "b2_list_file_names", object{"delimiter": "/", "prefix": "d/"}); !slices.Equal(got, []string{"d/1", "d/2", "folder d/e/"}) {
			t.Errorf("in d/: %v", got)
		}
		if got := b.names(t, "b2_list_file_versions", object{"delimiter": "/"}); !slices.Equal(got, []string{"a", "folder d/", "folder hidden/", "z"}) {
			t.Errorf("versions: %v", got)
		}
		page := b.call(t, "b2_list_file_names", object{"bucketId": b.id, "delimiter": "/", "maxFileCount": 1}).ok(t)
		rest := b.names(t, "b2_list_file_names", object{"delimiter": "/", "startFileName": page.str("nextFileName")})
		if !slices.Equal(rest, []string{"folder d/", "z"}) {
			t.Errorf("after the first page: %v", rest)
		}
	}},
	{"a folder has the shape of a file", func(t *testing.T, a *api) {
		b := a.bucket(t)
		b.upload(t, "d/1", "x")
		f := b.call(t, "b2_list_file_names", object{"bucketId": b.id, "delimiter": "/"}).ok(t).list("files")[0]
		wantFields(t, f, "action", "fileId", "fileName", "contentLength", "contentSha1", "contentType", "fileInfo", "uploadTimestamp")
		if f["fileId"] != nil || f.num("contentLength") != 0 || f.num("uploadTimestamp") != 0 {
			t.Errorf("folder: %v", f)
		}
	}},
	{"version 1 says size too", func(t *testing.T, a *api) {
		b := a.bucket(t)
		b.upload(t, "n", "12345")
		for _, name := range []string{"b2_list_file_names", "b2_list_file_versions"} {
			if f := a.callV(t, 1, name, object{"bucketId": b.id}).ok(t).list("files")[0]; f.num("size") != 5 {
				t.Errorf("%s: %v", name, f)
			}
		}
	}},
	{"counts have a limit", func(t *testing.T, a *api) {
		b := a.bucket(t)
		for _, name := range []string{"b2_list_file_names", "b2_list_file_versions"} {
			for _, n := range []int{-1, 10_001} {
				a.call(t, name, object{"bucketId": b.id, "maxFileCount": n}).fails(t, 400, "out_of_range")
			}
			a.call(t, name, object{"bucketId": b.id, "maxFileCount": 0}).ok(t)
		}
	}},
}

var versionRules = []rule{
	{"hiding needs a visible name", func(t *testing.T, a *api) {
		b := a.bucket(t)
		b.hide(t, "none").fails(t, 400, "no_such_file")
		b.upload(t, "n", "x")
		if got := b.hide(t, "n").ok(t); got.str("action") != "hide" || got.num("contentLength") != 0 {
			t.Errorf("marker: %s", got.raw)
		}
		b.hide(t, "n").fails(t, 400, "already_hidden")
	}},
	{"deleting a marker shows the name again", func(t *testing.T, a *api) {
		b := a.bucket(t)
		b.upload(t, "n", "x")
		marker := b.hide(t, "n").ok(t)
		b.fetch(t, "GET", "n").fails(t, 404, "not_found")
		if got := a.delete(t, marker.fields).ok(t); got.str("fileId") != marker.str("fileId") || got.str("fileName") != "n" {
			t.Errorf("answer: %s", got.raw)
		}
		b.fetch(t, "GET", "n").ok(t)
	}},
	{"deleting needs name and id together", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "x")
		a.call(t, "b2_delete_file_version", object{"fileName": "other", "fileId": f.str("fileId")}).fails(t, 400, "file_not_present")
		a.call(t, "b2_delete_file_version", object{"fileName": "n", "fileId": "nonsense"}).fails(t, 400, "bad_request")
		a.delete(t, f.fields).ok(t)
		a.delete(t, f.fields).fails(t, 400, "file_not_present")
	}},
	{"file info by id", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "x", "X-Bz-Info-a", "b")
		b.upload(t, "n", "newer")
		marker := b.hide(t, "n").ok(t)
		if got := a.get(t, "b2_get_file_info", "fileId", f.str("fileId")).ok(t); got.object("fileInfo").str("a") != "b" || got.num("contentLength") != 1 {
			t.Errorf("info: %s", got.raw)
		}
		if got := a.call(t, "b2_get_file_info", object{"fileId": marker.str("fileId")}).ok(t); got.str("action") != "hide" {
			t.Errorf("info of a marker: %s", got.raw)
		}
		for _, id := range []string{"", "nonsense"} {
			got := a.call(t, "b2_get_file_info", object{"fileId": id})
			got.fails(t, 400, "bad_request")
			if !strings.HasPrefix(got.str("message"), "Bad fileId") { // by which kopia knows it
				t.Errorf("message: %s", got.raw)
			}
		}
		a.delete(t, f.fields).ok(t)
		a.call(t, "b2_get_file_info", object{"fileId": f.str("fileId")}).fails(t, 404, "not_found")
	}},
}
