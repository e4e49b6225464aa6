package b2test

import (
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2server"
)

// fileMode and bucketMode are the modes of encryption that answers name; "" is
// none.
func fileMode(f fields) string { return f.object("serverSideEncryption").str("mode") }

func bucketMode(f fields) string {
	return f.object("defaultServerSideEncryption").object("value").str("mode")
}

// New buckets can be unencrypted, as they were on the service before 2026.
// What a bucket was made with stays, also under a server of another default.
func TestDefaultEncryption(t *testing.T) {
	dir := t.TempDir()
	name := randomName()
	t.Run("none", func(t *testing.T) {
		_, a := open(t, WithDisk(dir), config(func(c *b2server.Config) { c.DefaultEncryption = b2server.EncryptionNone }))
		made := a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": name, "bucketType": "allPrivate"}).ok(t)
		b := &testBucket{api: a, id: made.str("bucketId"), name: name}
		if mode := bucketMode(made.fields); mode != "" {
			t.Errorf("the new bucket: %q", mode)
		}
		for _, step := range []struct{ set, want string }{{"SSE-B2", "SSE-B2"}, {"none", ""}} {
			setting := object{"mode": step.set, "algorithm": "AES256"}
			got := a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": b.id, "defaultServerSideEncryption": setting}).ok(t)
			if mode := bucketMode(got.fields); mode != step.want {
				t.Errorf("set to %s: the bucket is %q", step.set, mode)
			}
			plain := b.upload(t, "plain", "content")
			if mode := fileMode(plain.fields); mode != step.want {
				t.Errorf("bucket %s: an upload is %q", step.set, mode)
			}
			copied := a.call(t, "b2_copy_file", object{"sourceFileId": plain.str("fileId"), "fileName": "copy"}).ok(t)
			if mode := fileMode(copied.fields); mode != step.want {
				t.Errorf("bucket %s: a copy is %q", step.set, mode)
			}
			large := b.start(t, "large", nil)
			part := a.part(t, a.partURL(t, large.str("fileId")), 1, "part").ok(t)
			if fileMode(large.fields) != step.want || fileMode(part.fields) != step.want {
				t.Errorf("bucket %s: a large file is %q, its part %q", step.set, fileMode(large.fields), fileMode(part.fields))
			}
		}
		if mode := fileMode(b.upload(t, "asked", "content", "X-Bz-Server-Side-Encryption", "AES256").fields); mode != "SSE-B2" {
			t.Errorf("an upload that asks for encryption: %q", mode)
		}
		if down := b.fetch(t, "GET", "plain").ok(t); string(down.raw) != "content" || down.header.Get("X-Bz-Server-Side-Encryption") != "" {
			t.Errorf("download: %q %v", down.raw, down.header)
		}
	})
	t.Run("documented", func(t *testing.T) {
		_, a := open(t, WithDisk(dir))
		found := a.call(t, "b2_list_buckets", object{"accountId": a.account, "bucketName": name}).ok(t).list("buckets")
		if len(found) != 1 || bucketMode(found[0]) != "" {
			t.Errorf("the bucket from before: %v", found)
		}
		made := a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": randomName(), "bucketType": "allPrivate"}).ok(t)
		if mode := bucketMode(made.fields); mode != "SSE-B2" {
			t.Errorf("a new bucket: %q", mode)
		}
		got := a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": found[0].str("bucketId"),
			"defaultServerSideEncryption": object{"mode": nil}}).ok(t)
		if mode := bucketMode(got.fields); mode != "SSE-B2" {
			t.Errorf("after a reset: %q", mode)
		}
	})
	if _, err := b2server.New(b2server.Config{Store: b2server.NewMemStore(), DefaultEncryption: "rot13"}); err == nil {
		t.Error("rot13 was taken")
	}
}

// A replication rule has a priority and a name within limits, and comes back
// as it was set.
func TestReplicationRules(t *testing.T) {
	_, a := open(t)
	id := a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": randomName(), "bucketType": "allPrivate"}).ok(t).str("bucketId")
	set := func(priority int64, name string) *answer {
		rule := object{"destinationBucketId": strings.Repeat("0", 24), "fileNamePrefix": "", "includeExistingFiles": false,
			"isEnabled": true, "priority": priority, "replicationRuleName": name}
		return a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": id, "replicationConfiguration": object{
			"asReplicationSource": object{"sourceApplicationKeyId": "k", "replicationRules": []object{rule}}}})
	}
	for _, priority := range []int64{0, 1, 128, 1<<31 - 1} {
		source := set(priority, "a-rule_1").ok(t).object("replicationConfiguration").object("value").object("asReplicationSource")
		if rules := source.list("replicationRules"); len(rules) != 1 || rules[0].num("priority") != priority || rules[0].str("replicationRuleName") != "a-rule_1" {
			t.Errorf("priority %d: %v", priority, rules)
		}
	}
	for _, priority := range []int64{-1, 1 << 31} {
		set(priority, "rule").fails(t, 400, "bad_request")
	}
	for _, name := range []string{"", "a rule", "ü", strings.Repeat("r", 65)} {
		set(1, name).fails(t, 400, "bad_request")
	}
}

// New files that a replication rule covers wait for it, in every answer, and
// go on waiting after a restart.
func TestReplicationStatus(t *testing.T) {
	dir := t.TempDir()
	name := randomName()
	status := func(f fields) string { return f.str("replicationStatus") }
	waiting := map[string]bool{}
	t.Run("upload", func(t *testing.T) {
		_, a := open(t, WithDisk(dir))
		rule := func(name, prefix string, enabled bool) object {
			return object{"destinationBucketId": strings.Repeat("0", 24), "fileNamePrefix": prefix, "includeExistingFiles": false,
				"isEnabled": enabled, "priority": 1, "replicationRuleName": name}
		}
		rules := object{"asReplicationSource": object{"sourceApplicationKeyId": "k",
			"replicationRules": []object{rule("one", "one/", true), rule("two", "two/", false)}}}
		b := &testBucket{api: a, name: name}
		b.id = a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": name, "bucketType": "allPrivate"}).ok(t).str("bucketId")
		if got := status(b.upload(t, "one/before", "x").fields); got != "" {
			t.Errorf("before there was a rule: %q", got)
		}
		a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": b.id, "replicationConfiguration": rules}).ok(t)

		expect := func(what string, f fields, want string) {
			t.Helper()
			if got := status(f); got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
			if want != "" {
				waiting[f.str("fileName")] = true
			}
		}
		small := b.upload(t, "one/small", "x")
		expect("covered", small.fields, "pending")
		expect("under another prefix", b.upload(t, "other", "x").fields, "")
		expect("by a rule that is off", b.upload(t, "two/small", "x").fields, "")
		customer, _ := customerKey("c")
		expect("with a customer's key", b.upload(t, "one/sse-c", "x", customer...).fields, "")
		expect("with much file info", b.upload(t, "one/info", "x", "X-Bz-Info-a", strings.Repeat("i", 2048)).fields, "")
		expect("a copy", a.call(t, "b2_copy_file", object{"sourceFileId": small.str("fileId"), "fileName": "one/copy"}).ok(t).fields, "pending")
		large := b.start(t, "one/large", nil)
		expect("a large file that is not finished", large.fields, "")
		to := a.partURL(t, large.str("fileId"))
		var sums []string
		for i, content := range []string{a.big("1"), "2"} {
			sums = append(sums, a.part(t, to, i+1, content).ok(t).str("contentSha1"))
		}
		expect("finished", a.call(t, "b2_finish_large_file", object{"fileId": large.str("fileId"), "partSha1Array": sums}).ok(t).fields, "pending")
		expect("a hide marker", b.hide(t, "one/copy").fields, "")
		if got := b.fetch(t, "HEAD", "one/small").ok(t).header.Get("X-Bz-Replication-Status"); got != "pending" {
			t.Errorf("downloaded: %q", got)
		}
		expect("its info", a.call(t, "b2_get_file_info", object{"fileId": small.str("fileId")}).ok(t).fields, "pending")
	})
	t.Run("restart", func(t *testing.T) {
		_, a := open(t, WithDisk(dir))
		bucket := a.call(t, "b2_list_buckets", object{"accountId": a.account, "bucketName": name}).ok(t).list("buckets")[0]
		found := 0
		for _, f := range a.call(t, "b2_list_file_versions", object{"bucketId": bucket.str("bucketId")}).ok(t).list("files") {
			want := waiting[f.str("fileName")] && f.str("action") == "upload"
			if (status(f) == "pending") != want || status(f) != "" && status(f) != "pending" {
				t.Errorf("%s: %q", f.str("fileName"), status(f))
			}
			found++
		}
		if found != 9 {
			t.Errorf("%d versions listed, want 9", found)
		}
	})
}
