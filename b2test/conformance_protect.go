package b2test

import (
	"crypto/md5"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"
)

// customerKey is an SSE-C key in its three forms.
func customerKey(letter string) (headers []string, fields object) {
	raw := []byte(strings.Repeat(letter, 32))
	sum := md5.Sum(raw)
	key, digest := base64.StdEncoding.EncodeToString(raw), base64.StdEncoding.EncodeToString(sum[:])
	const h = "X-Bz-Server-Side-Encryption-Customer-"
	return []string{h + "Algorithm", "AES256", h + "Key", key, h + "Key-Md5", digest},
		object{"mode": "SSE-C", "algorithm": "AES256", "customerKey": key, "customerKeyMd5": digest}
}

// answersSSEC checks that a file or part is said to be encrypted with the
// customer's key of this digest, and that the key itself is not told.
func answersSSEC(t testing.TB, got *answer, digest string) {
	t.Helper()
	sse := got.object("serverSideEncryption")
	if sse.str("mode") != "SSE-C" || sse.str("algorithm") != "AES256" || sse.str("customerKeyMd5") != digest || sse.has("customerKey") {
		t.Errorf("%s: %s", got.call, got.raw)
	}
}

var protectRules = []rule{
	{"SSE-B2 is answered and transparent", func(t *testing.T, a *api) {
		b := a.bucket(t)
		got := b.upload(t, "n", "content", "X-Bz-Server-Side-Encryption", "AES256")
		if sse := got.object("serverSideEncryption"); sse.str("mode") != "SSE-B2" || sse.str("algorithm") != "AES256" {
			t.Errorf("file: %s", got.raw)
		}
		down := b.fetch(t, "GET", "n").ok(t)
		if string(down.raw) != "content" || down.header.Get("X-Bz-Server-Side-Encryption") != "AES256" {
			t.Errorf("download: %q %v", down.raw, down.header)
		}
	}},
	{"SSE-C needs its key again", func(t *testing.T, a *api) {
		b := a.bucket(t)
		right, _ := customerKey("r")
		wrong, _ := customerKey("w")
		got := b.upload(t, "n", "content", right...)
		answersSSEC(t, got, right[5])
		down := b.fetch(t, "GET", "n", right...).ok(t)
		if string(down.raw) != "content" || down.header.Get("X-Bz-Server-Side-Encryption-Customer-Key-Md5") != right[5] {
			t.Errorf("download: %q %v", down.raw, down.header)
		}
		b.fetch(t, "HEAD", "n", right...).ok(t)
		b.fetch(t, "GET", "n").fails(t, 400, "")
		b.fetch(t, "GET", "n", wrong...).fails(t, 403, "access_denied")
		bad := append([]string{}, right...)
		bad[5] = wrong[5]
		b.put(t, b.uploadURL(t), "n", "x", bad...).fails(t, 400, "bad_request")
	}},
	{"SSE-C in large files and copies", func(t *testing.T, a *api) {
		b := a.bucket(t)
		headers, key := customerKey("r")
		otherHeaders, other := customerKey("o")
		started := b.start(t, "large", object{"serverSideEncryption": key})
		answersSSEC(t, started, headers[5]) // b2sdk's integration tests ask for it
		id := started.str("fileId")
		one := a.big("1")
		answersSSEC(t, a.part(t, a.partURL(t, id), 1, one, headers...).ok(t), headers[5])
		if got := a.part(t, a.partURL(t, id), 2, "2"); got.status != 400 {
			t.Errorf("a part without the key: %d", got.status)
		}
		a.part(t, a.partURL(t, id), 2, "2", headers...).ok(t)
		a.finish(t, id, sha1Of(one), sha1Of("2")).ok(t)
		got := a.call(t, "b2_copy_file", object{"sourceFileId": id, "fileName": "copy", "range": "bytes=0-3",
			"sourceServerSideEncryption": key, "destinationServerSideEncryption": other}).ok(t)
		answersSSEC(t, got, otherHeaders[5])
		if got := b.fetch(t, "GET", "copy", otherHeaders...).ok(t); string(got.raw) != "1111" {
			t.Errorf("content: %q", got.raw)
		}
		a.call(t, "b2_copy_file", object{"sourceFileId": id, "fileName": "copy", "sourceServerSideEncryption": other}).fails(t, 403, "access_denied")
	}},
	{"lock calls need a bucket with file lock", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "x")
		a.call(t, "b2_update_file_legal_hold", object{"fileName": "n", "fileId": f.str("fileId"), "legalHold": "on"}).fails(t, 400, "bucket_missing_file_lock")
		a.retain(t, f, "governance", time.Hour, false).fails(t, 400, "bucket_missing_file_lock")
	}},
	{"governance protects, and can be bypassed", func(t *testing.T, a *api) {
		b := a.bucket(t, object{"fileLockEnabled": true})
		f := b.upload(t, "n", "x")
		a.retain(t, f, "governance", time.Hour, false).ok(t)
		if got := a.call(t, "b2_get_file_info", object{"fileId": f.str("fileId")}).ok(t).object("fileRetention").object("value"); got.str("mode") != "governance" {
			t.Errorf("retention: %v", got)
		}
		a.delete(t, f.fields).fails(t, 401, "access_denied").says(t, "Access Denied")
		b.hide(t, "n").ok(t) // new versions and markers are allowed
		a.retain(t, f, "governance", time.Minute, false).fails(t, 403, "access_denied")
		a.retain(t, f, "governance", 2*time.Hour, false).ok(t)
		a.retain(t, f, "governance", time.Minute, true).ok(t)
		a.call(t, "b2_update_file_retention", object{"fileName": "n", "fileId": f.str("fileId"), "bypassGovernance": true}).fails(t, 400, "bad_request")
		a.call(t, "b2_delete_file_version", object{"fileName": "n", "fileId": f.str("fileId"), "bypassGovernance": true}).ok(t)
	}},
	// The tests of Backblaze's command line tell these by status and code.
	{"changing protection needs its capability", func(t *testing.T, a *api) {
		locked, plain := a.bucket(t, object{"fileLockEnabled": true}), a.bucket(t)
		_, k := a.newKey(t, object{"capabilities": []string{"listBuckets", "listFiles", "readFiles", "writeFiles", "deleteFiles"}})
		for _, b := range []*testBucket{locked, plain} {
			f := b.upload(t, "n", "x")
			k.retain(t, f, "governance", time.Hour, false).fails(t, 403, "access_denied")
			k.call(t, "b2_update_file_legal_hold", object{"fileName": "n", "fileId": f.str("fileId"), "legalHold": "on"}).fails(t, 403, "access_denied")
			kb := &testBucket{api: k, id: b.id, name: b.name}
			kb.put(t, kb.uploadURL(t), "n", "x", "X-Bz-File-Legal-Hold", "on").fails(t, 401, "unauthorized")
			k.call(t, "b2_copy_file", object{"sourceFileId": f.str("fileId"), "fileName": "copy", "legalHold": "off"}).fails(t, 401, "unauthorized")
		}
		f := locked.upload(t, "n", "x")
		a.retain(t, f, "governance", time.Hour, false).ok(t)
		k.call(t, "b2_delete_file_version", object{"fileName": "n", "fileId": f.str("fileId"), "bypassGovernance": true}).fails(t, 401, "unauthorized")
		a.call(t, "b2_delete_file_version", object{"fileName": "n", "fileId": f.str("fileId"), "bypassGovernance": true}).ok(t)
	}},
	{"a legal hold protects until it is off", func(t *testing.T, a *api) {
		b := a.bucket(t, object{"fileLockEnabled": true})
		f := b.upload(t, "n", "x", "X-Bz-File-Legal-Hold", "on")
		if f.object("legalHold").str("value") != "on" {
			t.Errorf("file: %s", f.raw)
		}
		a.call(t, "b2_delete_file_version", object{"fileName": "n", "fileId": f.str("fileId"), "bypassGovernance": true}).fails(t, 401, "access_denied")
		got := a.call(t, "b2_update_file_legal_hold", object{"fileName": "n", "fileId": f.str("fileId"), "legalHold": "off"}).ok(t)
		if got.str("legalHold") != "off" || got.str("fileId") != f.str("fileId") {
			t.Errorf("answer: %s", got.raw)
		}
		a.delete(t, f.fields).ok(t)
	}},
	{"a bucket gives its default retention", func(t *testing.T, a *api) {
		b := a.bucket(t, object{"fileLockEnabled": true})
		a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": b.id,
			"defaultRetention": object{"mode": "governance", "period": object{"duration": 7, "unit": "days"}}}).ok(t)
		f := b.upload(t, "n", "x")
		if got := f.object("fileRetention").object("value"); got.str("mode") != "governance" || got.num("retainUntilTimestamp") <= f.num("uploadTimestamp") {
			t.Errorf("file: %s", f.raw)
		}
		a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": b.id, "fileLockEnabled": false}).fails(t, 400, "file_lock_conflict")
	}},
	{"retention headers go together", func(t *testing.T, a *api) {
		b := a.bucket(t, object{"fileLockEnabled": true})
		until := strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
		b.put(t, b.uploadURL(t), "n", "x", "X-Bz-File-Retention-Mode", "governance").fails(t, 400, "bad_request")
		f := b.upload(t, "n", "x", "X-Bz-File-Retention-Mode", "governance", "X-Bz-File-Retention-Retain-Until-Timestamp", until)
		if strconv.FormatInt(f.object("fileRetention").object("value").num("retainUntilTimestamp"), 10) != until {
			t.Errorf("file: %s", f.raw)
		}
		down := b.fetch(t, "HEAD", "n").ok(t)
		if down.header.Get("X-Bz-File-Retention-Mode") != "governance" || down.header.Get("X-Bz-File-Retention-Retain-Until-Timestamp") != until {
			t.Errorf("headers: %v", down.header)
		}
	}},
}

// retain sets the retention of a version.
func (a *api) retain(t testing.TB, f *answer, mode string, d time.Duration, bypass bool) *answer {
	t.Helper()
	return a.call(t, "b2_update_file_retention", object{"fileName": f.str("fileName"), "fileId": f.str("fileId"), "bypassGovernance": bypass,
		"fileRetention": object{"mode": mode, "retainUntilTimestamp": time.Now().Add(d).UnixMilli()}})
}
