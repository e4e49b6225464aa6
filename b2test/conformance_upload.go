package b2test

import (
	"io"
	"slices"
	"strings"
	"testing"
)

var uploadRules = []rule{
	{"an upload is answered whole", func(t *testing.T, a *api) {
		b := a.bucket(t)
		got := b.upload(t, "dir/hello.txt", "hello world", "X-Bz-Info-src_last_modified_millis", "1767323000123")
		wantFields(t, got.fields, "accountId", "action", "bucketId", "contentLength", "contentMd5", "contentSha1", "contentType",
			"fileId", "fileInfo", "fileName", "fileRetention", "legalHold", "serverSideEncryption", "uploadTimestamp")
		if got.str("action") != "upload" || got.num("contentLength") != 11 || got.str("contentSha1") != sha1Of("hello world") ||
			got.str("fileName") != "dir/hello.txt" || got.str("contentType") != "text/plain" || got.str("bucketId") != b.id ||
			got.object("fileInfo").str("src_last_modified_millis") != "1767323000123" || got.num("uploadTimestamp") == 0 {
			t.Errorf("file: %s", got.raw)
		}
	}},
	{"the three ways to give a hash", func(t *testing.T, a *api) {
		b := a.bucket(t)
		sum := sha1Of("content")
		for _, c := range []struct{ header, body, want string }{
			{sum, "content", sum},
			{"hex_digits_at_end", "content" + sum, sum},
			{"do_not_verify", "content", "unverified:" + sum},
		} {
			got := b.put(t, b.uploadURL(t), "f", c.body, "X-Bz-Content-Sha1", c.header).ok(t)
			if got.str("contentSha1") != c.want || got.num("contentLength") != 7 {
				t.Errorf("%s: %s", c.header, got.raw)
			}
		}
	}},
	{"a wrong hash stores nothing", func(t *testing.T, a *api) {
		b := a.bucket(t)
		wrong := sha1Of("other")
		b.put(t, b.uploadURL(t), "f", "content", "X-Bz-Content-Sha1", wrong).fails(t, 400, "bad_request")
		b.put(t, b.uploadURL(t), "f", "content"+wrong, "X-Bz-Content-Sha1", "hex_digits_at_end").fails(t, 400, "bad_request")
		b.put(t, b.uploadURL(t), "f", "content", "X-Bz-Content-Sha1", "abc").fails(t, 400, "bad_request")
		b.put(t, b.uploadURL(t), "f", "content", "X-Bz-Content-Sha1", strings.Repeat("z", 40)).fails(t, 400, "bad_request")
		b.put(t, b.uploadURL(t), "f", "content", "X-Bz-Content-Sha1", "").fails(t, 400, "bad_request")
		if got := b.names(t, "b2_list_file_versions", nil); got != nil {
			t.Errorf("stored: %v", got)
		}
	}},
	{"an empty file", func(t *testing.T, a *api) {
		b := a.bucket(t)
		for _, header := range []string{sha1Of(""), "hex_digits_at_end"} {
			body := ""
			if header == "hex_digits_at_end" {
				body = sha1Of("")
			}
			if got := b.put(t, b.uploadURL(t), "empty", body, "X-Bz-Content-Sha1", header).ok(t); got.num("contentLength") != 0 {
				t.Errorf("file: %s", got.raw)
			}
		}
		if got := b.fetch(t, "GET", "empty").ok(t); len(got.raw) != 0 || got.header.Get("Content-Length") != "0" {
			t.Errorf("download: %q %v", got.raw, got.header)
		}
	}},
	{"names are decoded from %XX and plus", func(t *testing.T, a *api) {
		b := a.bucket(t)
		for encoded, want := range map[string]string{
			"a%20b%2Bc": "a b+c", "a+b": "a b", "x%2Fy=1.txt": "x/y=1.txt", "%E8%87%AA%e7%94%b1": "自由", "-._~!$'()*;=:@": "-._~!$'()*;=:@",
		} {
			if got := b.put(t, b.uploadURL(t), "", "x", "X-Bz-File-Name", encoded).ok(t); got.str("fileName") != want {
				t.Errorf("%s became %q, want %q", encoded, got.str("fileName"), want)
			}
			if got := b.fetch(t, "GET", want).ok(t); string(got.raw) != "x" {
				t.Errorf("download of %q: %q", want, got.raw)
			}
		}
	}},
	{"bad names are refused", func(t *testing.T, a *api) {
		b := a.bucket(t)
		to := b.uploadURL(t)
		for _, encoded := range []string{"", "a%00b", "a%0Ab", "a%7Fb", "%FF", "%zz", strings.Repeat("x", 1025)} {
			if got := b.put(t, to, "", "x", "X-Bz-File-Name", encoded); got.status != 400 {
				t.Errorf("name %q: %d %s", encoded, got.status, got.raw)
				to = b.uploadURL(t)
			}
		}
		b.upload(t, strings.Repeat("x", 1024), "x")
	}},
	{"info comes back in lower case and decoded", func(t *testing.T, a *api) {
		b := a.bucket(t)
		got := b.upload(t, "f", "x", "X-Bz-Info-Some-Name", "a%20b%2Bc+d%E8%87%AA", "X-Bz-Info-b2-content-language", "en")
		if got.object("fileInfo").str("some-name") != "a b+c d自" || got.object("fileInfo").str("b2-content-language") != "en" {
			t.Errorf("info: %s", got.raw)
		}
		for name, value := range map[string]string{"unknown": "x", "expires": "tomorrow", "content-disposition": "attachment%3B%20%3B%20file",
			"content-language": "en%20de", "content-encoding": "a/b"} {
			b.put(t, b.uploadURL(t), "f", "x", "X-Bz-Info-b2-"+name, value).fails(t, 400, "bad_request")
		}
		b.upload(t, "f", "x", "X-Bz-Info-b2-expires", "Thu,%2001%20Dec%202050%2016%3A00%3A00%20GMT", "X-Bz-Info-b2-content-encoding", "gzip",
			"X-Bz-Info-b2-content-disposition", "attachment%3B%20filename%3D%22a%20b.txt%22", "X-Bz-Info-b2-cache-control", "private,%20max-age=2222")
		b.put(t, b.uploadURL(t), "f", "x", "X-Bz-Info-long", strings.Repeat("x", 7001)).fails(t, 400, "bad_request")
	}},
	{"the content type can be left to the service", func(t *testing.T, a *api) {
		b := a.bucket(t)
		for name, want := range map[string]string{"a.txt": "text/plain", "a.JPG": "image/jpeg", "noextension": "application/octet-stream"} {
			if got := b.upload(t, name, "x", "Content-Type", "b2/x-auto").str("contentType"); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		b.put(t, b.uploadURL(t), "f", "x", "Content-Type", "").fails(t, 400, "bad_request")
	}},
	{"a body without Content-Length is refused", func(t *testing.T, a *api) {
		b := a.bucket(t)
		r := b.putRequest(t, b.uploadURL(t), "f", "content")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("content")), -1
		b.do(t, r).fails(t, 400, "bad_request")
	}},
	{"an upload URL needs its own token", func(t *testing.T, a *api) {
		b := a.bucket(t)
		one, two := b.uploadURL(t), b.uploadURL(t)
		b.put(t, place{one.url, two.token}, "f", "x").fails(t, 401, "")
		b.put(t, place{one.url, a.token}, "f", "x").fails(t, 401, "")
		b.put(t, place{one.url, ""}, "f", "x").fails(t, 401, "")
		account := *a
		account.token = one.token
		account.call(t, "b2_list_file_names", object{"bucketId": b.id}).fails(t, 401, "")
	}},
	{"an upload URL serves one upload after the other", func(t *testing.T, a *api) {
		b := a.bucket(t)
		to := b.uploadURL(t)
		for _, name := range []string{"a", "b", "c"} {
			b.put(t, to, name, name).ok(t)
		}
		if got := b.names(t, "b2_list_file_names", nil); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("names: %v", got)
		}
	}},
	{"an upload URL takes one upload at a time", func(t *testing.T, a *api) {
		b := a.bucket(t)
		to := b.uploadURL(t)
		reader, writer := io.Pipe()
		first := b.putRequest(t, to, "first", "content")
		first.Body, first.ContentLength = reader, 7
		done := make(chan *answer)
		go func() { done <- b.do(detached{t}, first) }()
		_, _ = io.WriteString(writer, "con") // it has begun to send
		tryUntil(t, func() bool {
			got := b.put(t, to, "second", "x")
			return got.status == 400 && got.str("code") == "auth_token_limit" &&
				strings.Contains(got.str("message"), "more than one upload using auth token")
		})
		_, _ = io.WriteString(writer, "tent")
		_ = writer.Close()
		if got := <-done; got == nil || got.status != 200 {
			t.Errorf("the first upload must go on: %v", got)
		}
	}},
	{"an upload that breaks off leaves nothing and frees its URL", func(t *testing.T, a *api) {
		b := a.bucket(t)
		to := b.uploadURL(t)
		reader, writer := io.Pipe()
		r := b.putRequest(t, to, "broken", "content")
		r.Body, r.ContentLength = reader, 7
		done := make(chan error)
		go func() {
			res, err := b.client.Do(r)
			if err == nil {
				_ = res.Body.Close()
			}
			done <- err
		}()
		_, _ = io.WriteString(writer, "con")
		_ = writer.CloseWithError(io.ErrUnexpectedEOF)
		if err := <-done; err == nil {
			t.Error("the client did not break off")
		}
		tryUntil(t, func() bool { return b.put(t, to, "after", "x").status == 200 })
		if got := b.names(t, "b2_list_file_versions", nil); !slices.Contains(got, "after") || slices.Contains(got, "broken") {
			t.Errorf("versions: %v", got)
		}
	}},
	{"uploads take POST only", func(t *testing.T, a *api) {
		b := a.bucket(t)
		to := b.uploadURL(t)
		r := newRequest(t, "PUT", to.url, strings.NewReader("x"))
		r.Header.Set("Authorization", to.token)
		b.do(t, r).fails(t, 405, "")
	}},
}
