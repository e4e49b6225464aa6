package b2test

import (
	"bytes"
	"compress/gzip"
	"net/url"
	"strconv"
	"testing"
)

var downloadRules = []rule{
	{"a download has all headers, HEAD too", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "dir/a b", "0123456789", "X-Bz-Info-color", "gr%C3%BCn", "X-Bz-Info-b2-cache-control", "max-age=7",
			"X-Bz-Info-b2-content-disposition", "attachment")
		for _, got := range []*answer{b.fetch(t, "GET", "dir/a b").ok(t), b.fetch(t, "HEAD", "dir/a b").ok(t),
			a.fetchID(t, "GET", f.str("fileId")).ok(t), a.fetchID(t, "HEAD", f.str("fileId")).ok(t)} {
			for header, want := range map[string]string{
				"Content-Length": "10", "Content-Type": "text/plain", "X-Bz-File-Id": f.str("fileId"), "X-Bz-File-Name": "dir/a%20b",
				"X-Bz-Content-Sha1": sha1Of("0123456789"), "X-Bz-Upload-Timestamp": strconv.FormatInt(f.num("uploadTimestamp"), 10),
				"X-Bz-Info-Color": "gr%C3%BCn", "Cache-Control": "max-age=7", "Content-Disposition": "attachment", "Accept-Ranges": "bytes",
			} {
				if got.header.Get(header) != want {
					t.Errorf("%s: %s is %q, want %q", got.call, header, got.header.Get(header), want)
				}
			}
			if got.header.Get("X-Bz-Info-B2-Cache-Control") != "" {
				t.Errorf("%s: a reserved info came as X-Bz-Info-", got.call)
			}
		}
		if got := b.fetch(t, "HEAD", "dir/a b"); len(got.raw) != 0 {
			t.Errorf("HEAD has a body: %q", got.raw)
		}
	}},
	{"ranges", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "0123456789")
		for _, c := range []struct {
			header, want, contentRange string
			status                     int
		}{
			{"bytes=0-0", "0", "bytes 0-0/10", 206},
			{"bytes=2-4", "234", "bytes 2-4/10", 206},
			{"bytes=7-", "789", "bytes 7-9/10", 206},
			{"bytes=7-99", "789", "bytes 7-9/10", 206},
			{"bytes=7-99999999999999999999", "789", "bytes 7-9/10", 206},
			{"bytes=-3", "789", "bytes 7-9/10", 206},
			{"bytes=-99999999999999999999", "0123456789", "bytes 0-9/10", 206},
			{"bytes=0-9", "0123456789", "bytes 0-9/10", 206},
		} {
			got := a.fetchID(t, "GET", f.str("fileId"), "Range", c.header)
			if got.status != c.status || string(got.raw) != c.want || got.header.Get("Content-Range") != c.contentRange {
				t.Errorf("%s: %d %q %s", c.header, got.status, got.raw, got.header.Get("Content-Range"))
			}
			if got.header.Get("X-Bz-Content-Sha1") != sha1Of("0123456789") {
				t.Errorf("%s: the hash is not that of the whole", c.header)
			}
		}
		b.fetch(t, "GET", "n", "Range", "bytes=10-").fails(t, 416, "range_not_satisfiable")
		b.fetch(t, "GET", "n", "Range", "bytes=99-100").fails(t, 416, "range_not_satisfiable")
	}},
	{"what is not there", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "x")
		b.fetch(t, "GET", "none").fails(t, 404, "not_found")
		if got := b.fetch(t, "HEAD", "none"); got.status != 404 || len(got.raw) != 0 {
			t.Errorf("HEAD: %d %q", got.status, got.raw)
		}
		marker := b.hide(t, "n").ok(t)
		b.fetch(t, "GET", "n").fails(t, 404, "not_found")
		if got := a.fetchID(t, "GET", f.str("fileId")).ok(t); string(got.raw) != "x" {
			t.Errorf("older version by id: %q", got.raw)
		}
		if got := a.fetchID(t, "GET", marker.str("fileId")); got.status != 404 && got.status != 400 {
			t.Errorf("download of a marker: %d", got.status)
		}
	}},
	{"stored bytes go out as they are", func(t *testing.T, a *api) {
		b := a.bucket(t)
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		_, _ = w.Write([]byte("content"))
		_ = w.Close()
		b.upload(t, "n", zipped.String(), "X-Bz-Info-b2-content-encoding", "gzip")
		got := b.fetch(t, "GET", "n", "Accept-Encoding", "gzip").ok(t)
		if !bytes.Equal(got.raw, zipped.Bytes()) || got.header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%d bytes, Content-Encoding %q", len(got.raw), got.header.Get("Content-Encoding"))
		}
	}},
	{"a private bucket needs a token", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "x")
		b.fetch(t, "GET", "n", "Authorization", "").fails(t, 401, "")
		a.fetchID(t, "GET", f.str("fileId"), "Authorization", "").fails(t, 401, "")
		r := newRequest(t, "GET", a.download+"/file/"+b.name+"/n?Authorization="+url.QueryEscape(a.token), nil)
		a.do(t, r).ok(t)
	}},
	{"a download authorisation is for a prefix, and by name", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "in/x", "x")
		b.upload(t, "out", "x")
		tok := a.call(t, "b2_get_download_authorization", object{"bucketId": b.id, "fileNamePrefix": "in/", "validDurationInSeconds": 60}).ok(t).str("authorizationToken")
		b.fetch(t, "GET", "in/x", "Authorization", tok).ok(t)
		b.fetch(t, "GET", "out", "Authorization", tok).fails(t, 401, "unauthorized")
		if got := a.fetchID(t, "GET", f.str("fileId"), "Authorization", tok); got.status != 401 {
			t.Errorf("by id: %d", got.status)
		}
		a.call(t, "b2_get_download_authorization", object{"bucketId": b.id, "validDurationInSeconds": 60}).fails(t, 400, "bad_request")
		for _, seconds := range []int{0, 604_801} {
			a.call(t, "b2_get_download_authorization", object{"bucketId": b.id, "fileNamePrefix": "", "validDurationInSeconds": seconds}).fails(t, 400, "bad_request")
		}
	}},
	{"headers can be overridden", func(t *testing.T, a *api) {
		b := a.bucket(t)
		b.upload(t, "n", "x", "X-Bz-Info-b2-cache-control", "max-age=7")
		r := newRequest(t, "GET", a.download+"/file/"+b.name+"/n?b2ContentType=image%2Fpng&b2CacheControl=no-store", nil)
		r.Header.Set("Authorization", a.token)
		got := a.do(t, r).ok(t)
		if got.header.Get("Content-Type") != "image/png" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers: %v", got.header)
		}
		r = newRequest(t, "GET", a.download+"/file/"+b.name+"/n?b2Expires=tomorrow", nil)
		r.Header.Set("Authorization", a.token)
		a.do(t, r).fails(t, 400, "bad_request")
		tok := a.call(t, "b2_get_download_authorization", object{"bucketId": b.id, "fileNamePrefix": "", "validDurationInSeconds": 60,
			"b2ContentType": "image/png"}).ok(t).str("authorizationToken")
		b.fetch(t, "GET", "n", "Authorization", tok).fails(t, 401, "unauthorized")
		r = newRequest(t, "GET", a.download+"/file/"+b.name+"/n?b2ContentType=image%2Fpng", nil)
		r.Header.Set("Authorization", tok)
		a.do(t, r).ok(t)
	}},
	{"by id with POST", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "content")
		if got := a.call(t, "b2_download_file_by_id", object{"fileId": f.str("fileId")}).ok(t); string(got.raw) != "content" {
			t.Errorf("content: %q", got.raw)
		}
	}},
}
