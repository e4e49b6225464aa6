package b2test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// start begins a large file.
func (b *testBucket) start(t testing.TB, name string, more ...object) *answer {
	t.Helper()
	req := object{"bucketId": b.id, "fileName": name, "contentType": "text/plain"}
	for _, m := range more {
		for k, v := range m {
			req[k] = v
		}
	}
	return b.call(t, "b2_start_large_file", req).ok(t)
}

func (a *api) partURL(t testing.TB, fileID string) place {
	t.Helper()
	got := a.call(t, "b2_get_upload_part_url", object{"fileId": fileID}).ok(t)
	return place{got.str("uploadUrl"), got.str("authorizationToken")}
}

// part sends one part.
func (a *api) part(t testing.TB, to place, number int, content string, headers ...string) *answer {
	t.Helper()
	r := newRequest(t, "POST", to.url, strings.NewReader(content))
	r.Header.Set("Authorization", to.token)
	r.Header.Set("X-Bz-Part-Number", strconv.Itoa(number))
	r.Header.Set("X-Bz-Content-Sha1", sha1Of(content))
	setHeaders(r, headers)
	return a.do(t, r)
}

func (a *api) finish(t testing.TB, fileID string, hashes ...string) *answer {
	t.Helper()
	return a.call(t, "b2_finish_large_file", object{"fileId": fileID, "partSha1Array": hashes})
}

// big is content that is just large enough for a part.
func (a *api) big(letter string) string { return strings.Repeat(letter, a.minPart) }

var largeRules = []rule{
	{"parts become a file", func(t *testing.T, a *api) {
		b := a.bucket(t)
		started := b.start(t, "large", object{"fileInfo": object{"large_file_sha1": strings.Repeat("a", 40)}})
		if started.str("action") != "start" || started.str("contentSha1") != "none" || started.num("contentLength") != 0 {
			t.Errorf("started: %s", started.raw)
		}
		id := started.str("fileId")
		one, two := a.big("1"), "the rest"
		to := a.partURL(t, id)
		a.part(t, to, 2, two).ok(t) // any order
		got := a.part(t, to, 1, one).ok(t)
		wantFields(t, got.fields, "fileId", "partNumber", "contentLength", "contentSha1", "contentMd5", "uploadTimestamp")
		if got.num("partNumber") != 1 || got.num("contentLength") != int64(len(one)) || got.str("contentSha1") != sha1Of(one) {
			t.Errorf("part: %s", got.raw)
		}
		done := a.finish(t, id, sha1Of(one), sha1Of(two)).ok(t)
		if done.str("action") != "upload" || done.str("fileId") != id || done.str("contentSha1") != "none" ||
			done.num("contentLength") != int64(len(one+two)) || done.num("uploadTimestamp") != started.num("uploadTimestamp") ||
			done.fields["contentMd5"] != nil {
			t.Errorf("finished: %s", done.raw)
		}
		if got := b.fetch(t, "GET", "large").ok(t); string(got.raw) != one+two || got.header.Get("X-Bz-Content-Sha1") != "none" {
			t.Errorf("download: %d bytes, %v", len(got.raw), got.header)
		}
		at := len(one) - 2
		if got := b.fetch(t, "GET", "large", "Range", "bytes="+strconv.Itoa(at)+"-"+strconv.Itoa(at+5)).ok(t); string(got.raw) != "11the " {
			t.Errorf("range over two parts: %q", got.raw)
		}
	}},
	{"a part can be sent again", func(t *testing.T, a *api) {
		b := a.bucket(t)
		id := b.start(t, "large").str("fileId")
		to := a.partURL(t, id)
		one := a.big("1")
		a.part(t, to, 1, a.big("0")).ok(t)
		a.part(t, to, 1, one).ok(t)
		a.part(t, to, 2, "end").ok(t)
		a.finish(t, id, sha1Of(one), sha1Of("end")).ok(t)
		if got := b.fetch(t, "GET", "large", "Range", "bytes=0-3").ok(t); string(got.raw) != "1111" {
			t.Errorf("content: %q", got.raw)
		}
	}},
	{"parts are listed in pages", func(t *testing.T, a *api) {
		b := a.bucket(t)
		id := b.start(t, "large").str("fileId")
		to := a.partURL(t, id)
		for _, n := range []int{3, 1, 2} {
			a.part(t, to, n, strings.Repeat("x", n)).ok(t)
		}
		page := a.call(t, "b2_list_parts", object{"fileId": id, "maxPartCount": 2, "startPartNumber": nil}).ok(t)
		parts := page.list("parts")
		if len(parts) != 2 || parts[0].num("partNumber") != 1 || parts[1].num("contentLength") != 2 || page.num("nextPartNumber") != 3 {
			t.Errorf("first page: %s", page.raw)
		}
		page = a.call(t, "b2_list_parts", object{"fileId": id, "startPartNumber": page.num("nextPartNumber")}).ok(t)
		if parts := page.list("parts"); len(parts) != 1 || parts[0].num("partNumber") != 3 || page.fields["nextPartNumber"] != nil {
			t.Errorf("second page: %s", page.raw)
		}
	}},
	{"unfinished files are listed, oldest first", func(t *testing.T, a *api) {
		b := a.bucket(t)
		var want []string
		for _, name := range []string{"z", "a", "m/1"} {
			want = append(want, "start "+name)
			b.start(t, name)
		}
		first := b.call(t, "b2_list_unfinished_large_files", object{"bucketId": b.id, "maxFileCount": 2}).ok(t)
		rest := b.call(t, "b2_list_unfinished_large_files", object{"bucketId": b.id, "startFileId": first.fields["nextFileId"]}).ok(t)
		if got := append(entries(first.list("files")), entries(rest.list("files"))...); !slices.Equal(got, want) || rest.fields["nextFileId"] != nil {
			t.Errorf("got %v", got)
		}
		some := b.call(t, "b2_list_unfinished_large_files", object{"bucketId": b.id, "namePrefix": "m/"}).ok(t)
		if got := entries(some.list("files")); !slices.Equal(got, want[2:]) {
			t.Errorf("prefix: %v", got)
		}
		if got := b.names(t, "b2_list_file_names", nil); got != nil {
			t.Errorf("names show %v", got)
		}
	}},
	{"finish checks the parts", func(t *testing.T, a *api) {
		b := a.bucket(t)
		id := b.start(t, "large").str("fileId")
		to := a.partURL(t, id)
		a.finish(t, id, sha1Of("x"), sha1Of("y")).fails(t, 400, "")
		a.part(t, to, 1, "short").ok(t)
		a.finish(t, id, sha1Of("short")).fails(t, 400, "bad_request")
		a.part(t, to, 3, "three").ok(t)
		a.finish(t, id, sha1Of("short"), sha1Of("three")).fails(t, 400, "missing_part")
		a.part(t, to, 2, "two").ok(t)
		a.finish(t, id, sha1Of("short"), sha1Of("wrong"), sha1Of("three")).fails(t, 400, "")
		a.finish(t, id, sha1Of("short"), sha1Of("two"), sha1Of("three")).fails(t, 400, "bad_request") // too small
	}},
	{"a large file is finished or cancelled once", func(t *testing.T, a *api) {
		b := a.bucket(t)
		id := b.start(t, "large").str("fileId")
		to := a.partURL(t, id)
		one := a.big("1")
		a.part(t, to, 1, one).ok(t)
		a.part(t, to, 2, "2").ok(t)
		a.finish(t, id, sha1Of(one), sha1Of("2")).ok(t)
		again := a.finish(t, id, sha1Of(one), sha1Of("2")).fails(t, 400, "bad_request")
		if !strings.Contains(again.str("message"), "No active upload for") {
			t.Errorf("message: %s", again.raw)
		}
		a.part(t, to, 3, "3").fails(t, 400, "bad_request")
		a.call(t, "b2_cancel_large_file", object{"fileId": id}).fails(t, 400, "bad_request")

		id = b.start(t, "cancelled").str("fileId")
		got := a.call(t, "b2_cancel_large_file", object{"fileId": id}).ok(t)
		if got.str("fileId") != id || got.str("fileName") != "cancelled" || got.str("bucketId") != b.id {
			t.Errorf("cancelled: %s", got.raw)
		}
		a.call(t, "b2_cancel_large_file", object{"fileId": id}).fails(t, 400, "bad_request")
		a.call(t, "b2_get_upload_part_url", object{"fileId": id}).fails(t, 400, "bad_request")
	}},
	{"a small file sent meanwhile is newer", func(t *testing.T, a *api) {
		b := a.bucket(t)
		id := b.start(t, "n").str("fileId")
		to := a.partURL(t, id)
		one := a.big("1")
		a.part(t, to, 1, one).ok(t)
		a.part(t, to, 2, "2").ok(t)
		b.upload(t, "n", "small")
		a.finish(t, id, sha1Of(one), sha1Of("2")).ok(t)
		if got := b.fetch(t, "GET", "n").ok(t); string(got.raw) != "small" {
			t.Errorf("the name shows %d bytes", len(got.raw))
		}
	}},
	{"ids that are none", func(t *testing.T, a *api) {
		for call, text := range map[string]string{"b2_get_upload_part_url": "Not a valid file id: x", "b2_cancel_large_file": "Invalid fileId: x"} {
			if got := a.call(t, call, object{"fileId": "x"}).fails(t, 400, "bad_request"); got.str("message") != text {
				t.Errorf("%s: %s", call, got.raw)
			}
		}
	}},
	{"part numbers and part tokens", func(t *testing.T, a *api) {
		b := a.bucket(t)
		id, other := b.start(t, "large").str("fileId"), b.start(t, "other").str("fileId")
		to, wrong := a.partURL(t, id), a.partURL(t, other)
		a.part(t, to, 0, "x").fails(t, 400, "bad_request")
		a.part(t, a.partURL(t, id), 10_001, "x").fails(t, 400, "bad_request")
		a.part(t, place{to.url, wrong.token}, 1, "x").fails(t, 401, "")
	}},
}

var copyRules = []rule{
	{"a copy keeps type and info", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "from", "0123456789", "X-Bz-Info-a", "b")
		got := a.call(t, "b2_copy_file", object{"sourceFileId": f.str("fileId"), "fileName": "to"}).ok(t)
		if got.str("action") != "copy" || got.str("contentType") != "text/plain" || got.object("fileInfo").str("a") != "b" ||
			got.num("contentLength") != 10 || got.str("contentSha1") != sha1Of("0123456789") {
			t.Errorf("copy: %s", got.raw)
		}
		if got := b.names(t, "b2_list_file_names", nil); !slices.Equal(got, []string{"from", "to"}) {
			t.Errorf("listed: %v", got)
		}
		if got := b.fetch(t, "GET", "to").ok(t); string(got.raw) != "0123456789" {
			t.Errorf("content: %q", got.raw)
		}
	}},
	{"a copy of a range, to another bucket, replacing", func(t *testing.T, a *api) {
		b, c := a.bucket(t), a.bucket(t)
		f := b.upload(t, "from", "0123456789", "X-Bz-Info-a", "b")
		got := a.call(t, "b2_copy_file", object{"sourceFileId": f.str("fileId"), "fileName": "to", "destinationBucketId": c.id,
			"range": "bytes=2-4", "metadataDirective": "REPLACE", "contentType": "image/png", "fileInfo": object{"c": "d"}}).ok(t)
		if got.str("contentType") != "image/png" || got.object("fileInfo").str("c") != "d" || got.object("fileInfo").has("a") || got.str("bucketId") != c.id {
			t.Errorf("copy: %s", got.raw)
		}
		if got := c.fetch(t, "GET", "to").ok(t); string(got.raw) != "234" {
			t.Errorf("content: %q", got.raw)
		}
	}},
	{"directives are checked", func(t *testing.T, a *api) {
		b := a.bucket(t)
		id := b.upload(t, "from", "0123456789").str("fileId")
		for _, more := range []object{
			{"metadataDirective": "REPLACE"},
			{"metadataDirective": "COPY", "contentType": "text/plain"},
			{"contentType": "text/plain"},
			{"metadataDirective": "OTHER"},
		} {
			more["sourceFileId"], more["fileName"] = id, "to"
			a.call(t, "b2_copy_file", more).fails(t, 400, "bad_request")
		}
		a.call(t, "b2_copy_file", object{"sourceFileId": id, "fileName": "to", "range": "bytes=10-12"}).fails(t, 416, "range_not_satisfiable")
	}},
	{"a copy of nothing", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "from", "x")
		a.delete(t, f.fields).ok(t)
		a.call(t, "b2_copy_file", object{"sourceFileId": f.str("fileId"), "fileName": "to"}).fails(t, 404, "not_found")
	}},
	{"parts can be copied", func(t *testing.T, a *api) {
		b := a.bucket(t)
		from := b.upload(t, "from", a.big("1")+"tail").str("fileId")
		id := b.start(t, "large").str("fileId")
		last := strconv.Itoa(a.minPart - 1)
		got := a.call(t, "b2_copy_part", object{"sourceFileId": from, "largeFileId": id, "partNumber": 1, "range": "bytes=0-" + last}).ok(t)
		if got.num("partNumber") != 1 || got.num("contentLength") != int64(a.minPart) || got.str("contentSha1") != sha1Of(a.big("1")) {
			t.Errorf("part: %s", got.raw)
		}
		a.call(t, "b2_copy_part", object{"sourceFileId": from, "largeFileId": id, "partNumber": 2, "range": nil}).ok(t)
		a.finish(t, id, sha1Of(a.big("1")), sha1Of(a.big("1")+"tail")).ok(t)
		if got := b.fetch(t, "GET", "large", "Range", "bytes=-5").ok(t); string(got.raw) != "1tail" {
			t.Errorf("content: %q", got.raw)
		}
	}},
}
