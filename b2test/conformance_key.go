package b2test

import (
	"slices"
	"strings"
	"testing"
)

// newKey makes a key that goes with the test, and authorises with it.
func (a *api) newKey(t testing.TB, req object) (created *answer, with *api) {
	t.Helper()
	req["accountId"], req["keyName"] = a.account, "bowline-conformance"
	created = a.call(t, "b2_create_key", req).ok(t)
	id := created.str("applicationKeyId")
	t.Cleanup(func() {
		dial(detached{t}, a.endpoint, a.keyID, a.key).call(detached{t}, "b2_delete_key", object{"applicationKeyId": id})
	})
	return created, dial(t, a.endpoint, id, created.str("applicationKey"))
}

var keyRules = []rule{
	{"a key is answered whole, its secret once", func(t *testing.T, a *api) {
		got, _ := a.newKey(t, object{"capabilities": []string{"listFiles", "readFiles"}, "validDurationInSeconds": 1000})
		wantFields(t, got.fields, "accountId", "applicationKeyId", "applicationKey", "keyName", "capabilities", "bucketIds", "namePrefix", "expirationTimestamp", "options")
		found := false
		req := object{"accountId": a.account, "maxKeyCount": 1000}
		for {
			page := a.call(t, "b2_list_keys", req).ok(t)
			for _, k := range page.list("keys") {
				found = found || k.str("applicationKeyId") == got.str("applicationKeyId")
				if k.has("applicationKey") {
					t.Error("a secret is listed")
				}
			}
			if page.fields["nextApplicationKeyId"] == nil {
				break
			}
			req["startApplicationKeyId"] = page.fields["nextApplicationKeyId"]
		}
		if !found {
			t.Error("the key is not listed")
		}
	}},
	{"bad keys are refused", func(t *testing.T, a *api) {
		for _, req := range []object{
			{"keyName": "ok-name", "capabilities": []string{}},
			{"keyName": "ok-name", "capabilities": []string{"flyHigh"}},
			{"keyName": "not ok", "capabilities": []string{"listFiles"}},
			{"keyName": "ok-name", "capabilities": []string{"listFiles"}, "validDurationInSeconds": 0},
			{"keyName": "ok-name", "capabilities": []string{"listFiles"}, "bucketIds": []string{strings.Repeat("0", 24)}},
		} {
			req["accountId"] = a.account
			a.call(t, "b2_create_key", req).fails(t, 400, "")
		}
		b := a.bucket(t)
		a.call(t, "b2_create_key", object{"accountId": a.account, "keyName": "ok-name", "capabilities": []string{"writeKeys"}, "bucketIds": []string{b.id}}).
			fails(t, 400, "bad_request")
	}},
	{"a key may do what it may", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "n", "x")
		_, k := a.newKey(t, object{"capabilities": []string{"listFiles"}})
		k.call(t, "b2_list_file_names", object{"bucketId": b.id}).ok(t)
		k.call(t, "b2_get_upload_url", object{"bucketId": b.id}).fails(t, 401, "unauthorized").says(t, "") // clients say what the key may do
		k.fetchID(t, "GET", f.str("fileId")).fails(t, 401, "unauthorized")
		k.delete(t, f.fields).fails(t, 401, "unauthorized")
		k.call(t, "b2_list_keys", object{"accountId": a.account}).fails(t, 401, "unauthorized")
	}},
	{"a key of one bucket", func(t *testing.T, a *api) {
		b, other := a.bucket(t), a.bucket(t)
		b.upload(t, "n", "x")
		created, k := a.newKey(t, object{"capabilities": []string{"listBuckets", "listFiles", "readFiles", "writeFiles"}, "bucketIds": []string{b.id}})
		if ids, _ := created.fields["bucketIds"].([]any); len(ids) != 1 || ids[0] != b.id {
			t.Errorf("key: %s", created.raw)
		}
		k.call(t, "b2_list_file_names", object{"bucketId": b.id}).ok(t)
		k.call(t, "b2_list_file_names", object{"bucketId": other.id}).fails(t, 401, "unauthorized")
		k.call(t, "b2_list_buckets", object{"accountId": a.account}).fails(t, 401, "unauthorized")
		k.call(t, "b2_list_buckets", object{"accountId": a.account, "bucketName": b.name}).ok(t)
		k.call(t, "b2_list_buckets", object{"accountId": a.account, "bucketId": other.id}).fails(t, 401, "unauthorized")
		if got := k.callV(t, 1, "b2_list_buckets", object{"accountId": a.account}).ok(t).list("buckets"); len(got) != 1 || got[0].str("bucketId") != b.id {
			t.Errorf("version 1: %v", got)
		}
		for v, where := range map[int]func(*answer) any{
			1: func(got *answer) any { return got.object("allowed")["bucketId"] },
			2: func(got *answer) any { return got.object("allowed")["bucketId"] },
			3: func(got *answer) any { return got.object("apiInfo").object("storageApi")["bucketId"] },
			4: func(got *answer) any {
				return got.object("apiInfo").object("storageApi").object("allowed").list("buckets")[0]["id"]
			},
		} {
			if got := where(k.authorize(t, v).ok(t)); got != b.id {
				t.Errorf("version %d: bucket %v", v, got)
			}
		}
		hidden := k.callV(t, 4, "b2_list_buckets", object{"accountId": a.account, "bucketId": b.id}).ok(t).list("buckets")[0]
		if read := hidden.object("fileLockConfiguration")["isClientAuthorizedToRead"]; read != false {
			t.Errorf("fileLockConfiguration without the capability: %v", hidden.object("fileLockConfiguration"))
		}
	}},
	{"a key of several buckets needs version 4", func(t *testing.T, a *api) {
		b, c := a.bucket(t), a.bucket(t)
		_, k := a.newKey(t, object{"capabilities": []string{"listBuckets", "listFiles"}, "bucketIds": []string{b.id, c.id}})
		k.call(t, "b2_list_file_names", object{"bucketId": c.id}).ok(t)
		for v := 1; v <= 3; v++ {
			k.authorize(t, v).fails(t, 401, "unsupported")
		}
	}},
	{"a key of a prefix", func(t *testing.T, a *api) {
		b := a.bucket(t)
		inside := b.upload(t, "in/x", "x")
		b.upload(t, "out", "x")
		_, k := a.newKey(t, object{"capabilities": []string{"listFiles", "readFiles", "writeFiles", "deleteFiles"}, "bucketIds": []string{b.id}, "namePrefix": "in/"})
		kb := &testBucket{api: k, id: b.id, name: b.name}
		if got := kb.names(t, "b2_list_file_names", object{"prefix": "in/"}); !slices.Equal(got, []string{"in/x"}) {
			t.Errorf("names: %v", got)
		}
		k.call(t, "b2_list_file_names", object{"bucketId": b.id}).fails(t, 401, "unauthorized")
		k.call(t, "b2_list_file_versions", object{"bucketId": b.id, "prefix": "ou"}).fails(t, 401, "unauthorized")
		got := k.callV(t, 1, "b2_list_file_names", object{"bucketId": b.id}).ok(t)
		if names := entries(got.list("files")); !slices.Equal(names, []string{"in/x"}) {
			t.Errorf("version 1: %v", names)
		}
		kb.fetch(t, "GET", "in/x").ok(t)
		kb.fetch(t, "GET", "out").fails(t, 401, "unauthorized")
		kb.upload(t, "in/y", "y")
		kb.put(t, kb.uploadURL(t), "elsewhere", "y").fails(t, 401, "unauthorized")
		kb.hide(t, "out").fails(t, 401, "unauthorized")
		k.delete(t, inside.fields).ok(t)
	}},
	{"a deleted key is dead", func(t *testing.T, a *api) {
		created, k := a.newKey(t, object{"capabilities": []string{"listKeys"}})
		got := a.call(t, "b2_delete_key", object{"applicationKeyId": created.str("applicationKeyId")}).ok(t)
		if got.str("applicationKeyId") != created.str("applicationKeyId") || got.has("applicationKey") {
			t.Errorf("answer: %s", got.raw)
		}
		k.authorize(t, 4).fails(t, 401, "")
		a.call(t, "b2_delete_key", object{"applicationKeyId": created.str("applicationKeyId")}).fails(t, 400, "bad_request")
	}},
}
