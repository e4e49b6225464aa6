package b2test

import (
	"strings"
	"testing"
)

var bucketRules = []rule{
	{"a new bucket is answered whole", func(t *testing.T, a *api) {
		b := a.bucket(t, object{"bucketInfo": object{"owner": "me"}})
		got := a.list1(t, b)
		wantFields(t, got, "accountId", "bucketId", "bucketInfo", "bucketName", "bucketType", "corsRules", "lifecycleRules",
			"defaultServerSideEncryption", "fileLockConfiguration", "replicationConfiguration", "options", "revision")
		if got.str("bucketName") != b.name || got.str("bucketType") != "allPrivate" || got.object("bucketInfo").str("owner") != "me" {
			t.Errorf("bucket: %v", got)
		}
		if len(b.id) != 24 {
			t.Errorf("bucketId %q is not 24 hex digits", b.id)
		}
		for _, f := range []string{"defaultServerSideEncryption", "fileLockConfiguration", "replicationConfiguration"} {
			wantFields(t, got.object(f), "isClientAuthorizedToRead", "value")
		}
	}},
	{"bad bucket names are refused", func(t *testing.T, a *api) {
		for _, name := range []string{"", "short", "b2-reserved", "has_underscore", "has space", strings.Repeat("x", 64)} {
			a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": name, "bucketType": "allPrivate"}).fails(t, 400, "")
		}
	}},
	{"a name is used once, whatever its case", func(t *testing.T, a *api) {
		b := a.bucket(t)
		a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": strings.ToUpper(b.name), "bucketType": "allPrivate"}).
			fails(t, 400, "duplicate_bucket_name")
	}},
	{"list filters by name and id", func(t *testing.T, a *api) {
		b := a.bucket(t)
		for _, req := range []object{{"bucketName": b.name}, {"bucketId": b.id}, {"bucketId": nil, "bucketName": b.name, "bucketTypes": []string{"all"}}} {
			req["accountId"] = a.account
			if got := a.call(t, "b2_list_buckets", req).ok(t).list("buckets"); len(got) != 1 || got[0].str("bucketId") != b.id {
				t.Errorf("%v: %v", req, got)
			}
		}
		if got := a.call(t, "b2_list_buckets", object{"accountId": a.account, "bucketName": randomName()}).ok(t).list("buckets"); len(got) != 0 {
			t.Errorf("nothing should match: %v", got)
		}
	}},
	{"list refuses unknown types", func(t *testing.T, a *api) {
		for _, types := range [][]string{{}, {"strange"}, {"all", "allPublic"}} {
			a.call(t, "b2_list_buckets", object{"accountId": a.account, "bucketTypes": types}).fails(t, 400, "bad_request")
		}
	}},
	{"update changes what it names and raises the revision", func(t *testing.T, a *api) {
		b := a.bucket(t, object{"bucketInfo": object{"kept": "yes"}})
		before := a.list1(t, b)
		got := a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": b.id, "bucketType": "allPrivate",
			"lifecycleRules": []object{{"fileNamePrefix": "logs/", "daysFromHidingToDeleting": 1, "daysFromUploadingToHiding": nil}}}).ok(t)
		if got.num("revision") <= before.num("revision") {
			t.Errorf("revision %d after %d", got.num("revision"), before.num("revision"))
		}
		if len(got.list("lifecycleRules")) != 1 || got.object("bucketInfo").str("kept") != "yes" {
			t.Errorf("bucket: %s", got.raw)
		}
	}},
	{"update refuses another revision", func(t *testing.T, a *api) {
		b := a.bucket(t)
		revision := a.list1(t, b).num("revision")
		a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": b.id, "bucketInfo": object{}, "ifRevisionIs": revision + 7}).
			fails(t, 409, "conflict")
		a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": b.id, "bucketInfo": object{}, "ifRevisionIs": revision}).ok(t)
	}},
	{"bad lifecycle rules are refused", func(t *testing.T, a *api) {
		b := a.bucket(t)
		for _, rules := range [][]object{
			{{"fileNamePrefix": ""}},
			{{"fileNamePrefix": "", "daysFromHidingToDeleting": 0}},
			{{"daysFromHidingToDeleting": 1}}, // would be for all files
			{{"fileNamePrefix": "a", "daysFromHidingToDeleting": 1}, {"fileNamePrefix": "ab", "daysFromHidingToDeleting": 1}},
		} {
			a.call(t, "b2_update_bucket", object{"accountId": a.account, "bucketId": b.id, "lifecycleRules": rules}).fails(t, 400, "")
		}
	}},
	{"a bucket that does not exist", func(t *testing.T, a *api) {
		none := strings.Repeat("0", 24)
		for _, name := range []string{"b2_list_file_names", "b2_list_file_versions", "b2_get_upload_url"} {
			a.call(t, name, object{"bucketId": none}).fails(t, 400, "bad_bucket_id")
		}
	}},
	{"only an empty bucket can be deleted", func(t *testing.T, a *api) {
		b := a.bucket(t)
		f := b.upload(t, "a", "x")
		marker := b.hide(t, "a").ok(t)
		a.delete(t, f.fields).ok(t)
		a.call(t, "b2_delete_bucket", object{"accountId": a.account, "bucketId": b.id}).fails(t, 400, "cannot_delete_non_empty_bucket")
		a.delete(t, marker.fields).ok(t)
		if got := a.call(t, "b2_delete_bucket", object{"accountId": a.account, "bucketId": b.id}).ok(t); got.str("bucketId") != b.id {
			t.Errorf("answer: %s", got.raw)
		}
		a.call(t, "b2_delete_bucket", object{"accountId": a.account, "bucketId": b.id}).fails(t, 400, "bad_bucket_id")
	}},
}

// list1 finds one bucket.
func (a *api) list1(t testing.TB, b *testBucket) fields {
	t.Helper()
	got := a.call(t, "b2_list_buckets", object{"accountId": a.account, "bucketId": b.id}).ok(t).list("buckets")
	if len(got) != 1 {
		t.Fatalf("bucket %s: %v", b.id, got)
	}
	return got[0]
}
