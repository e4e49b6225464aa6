package b2test

import (
	"net/http"
	"slices"
	"testing"
)

var accountRules = []rule{
	{"authorize answers the shape of its version", func(t *testing.T, a *api) {
		top := map[int][]string{
			1: {"accountId", "authorizationToken", "allowed", "apiUrl", "downloadUrl", "absoluteMinimumPartSize", "recommendedPartSize"},
			2: {"accountId", "authorizationToken", "allowed", "apiUrl", "downloadUrl", "absoluteMinimumPartSize", "recommendedPartSize"},
			3: {"accountId", "authorizationToken", "apiInfo", "applicationKeyExpirationTimestamp"},
			4: {"accountId", "authorizationToken", "apiInfo", "applicationKeyExpirationTimestamp"},
		}
		for version, names := range top {
			got := a.authorize(t, version).ok(t)
			wantFields(t, got.fields, names...)
			storage := got.object("apiInfo").object("storageApi")
			switch version {
			case 1:
				wantFields(t, got.fields, "minimumPartSize")
				wantFields(t, got.object("allowed"), "bucketId", "capabilities", "namePrefix")
			case 2:
				wantFields(t, got.object("allowed"), "bucketId", "bucketName", "capabilities", "namePrefix")
			case 3:
				wantFields(t, storage, "bucketId", "bucketName", "capabilities", "namePrefix", "apiUrl", "downloadUrl",
					"s3ApiUrl", "absoluteMinimumPartSize", "recommendedPartSize", "infoType")
			case 4:
				wantFields(t, storage, "allowed", "apiUrl", "downloadUrl", "s3ApiUrl", "absoluteMinimumPartSize", "recommendedPartSize")
				wantFields(t, storage.object("allowed"), "buckets", "capabilities", "namePrefix")
			}
		}
	}},
	{"authorize takes POST", func(t *testing.T, a *api) {
		r := newRequest(t, "POST", a.endpoint+"/b2api/v4/b2_authorize_account", nil)
		r.SetBasicAuth(a.keyID, a.key)
		a.do(t, r).ok(t)
	}},
	{"authorize refuses a wrong key", func(t *testing.T, a *api) {
		wrong := *a
		wrong.key += "x"
		wrong.authorize(t, 4).fails(t, 401, "")
	}},
	{"a call without a token is refused", func(t *testing.T, a *api) {
		nobody := *a
		nobody.token = ""
		nobody.call(t, "b2_list_buckets", object{"accountId": a.account}).fails(t, 401, "")
	}},
	{"a call with a made-up token is refused", func(t *testing.T, a *api) {
		wrong := *a
		wrong.token = "4_0000000000000000000000000_00000000_000000_acct_00000000000="
		wrong.call(t, "b2_list_buckets", object{"accountId": a.account}).fails(t, 401, "bad_auth_token")
	}},
	{"calls take GET with a query and POST with JSON", func(t *testing.T, a *api) {
		b := a.bucket(t)
		b.upload(t, "a", "x")
		for _, got := range []*answer{
			a.get(t, "b2_list_file_names", "bucketId", b.id, "maxFileCount", "7"),
			a.call(t, "b2_list_file_names", object{"bucketId": b.id, "maxFileCount": 7}),
		} {
			if got.ok(t); !slices.Equal(entries(got.list("files")), []string{"a"}) {
				t.Errorf("%s: %s", got.call, got.raw)
			}
		}
	}},
	{"calls that change something take GET too", func(t *testing.T, a *api) {
		got := a.get(t, "b2_create_key", "accountId", a.account, "keyName", "made-by-get", "capabilities", "listFiles,readFiles").ok(t)
		if capabilities, _ := got.fields["capabilities"].([]any); len(capabilities) != 2 || got.str("keyName") != "made-by-get" {
			t.Errorf("key: %s", got.raw)
		}
		a.get(t, "b2_delete_key", "applicationKeyId", got.str("applicationKeyId")).ok(t)
	}},
	{"null is absent and unknown fields are ignored", func(t *testing.T, a *api) {
		b := a.bucket(t, object{"bucketInfo": nil, "lifecycleRules": nil, "corsRules": nil})
		a.call(t, "b2_list_file_versions", object{"bucketId": b.id, "startFileName": nil, "startFileId": nil,
			"prefix": nil, "delimiter": nil, "maxFileCount": nil, "fromTheFuture": object{"x": 1}}).ok(t)
	}},
	{"every version of the API serves the calls", func(t *testing.T, a *api) {
		for v := 1; v <= 4; v++ {
			a.callV(t, v, "b2_list_buckets", object{"accountId": a.account}).ok(t)
		}
	}},
	{"bodies that are not JSON are refused", func(t *testing.T, a *api) {
		for _, body := range []string{"{", "[]", `{"accountId":7}`, "\xff", `"x"`} {
			if got := a.post(t, 4, "b2_list_buckets", body); got.status != http.StatusBadRequest {
				t.Errorf("body %q: %d %s", body, got.status, got.raw)
			}
		}
	}},
	{"another account is refused", func(t *testing.T, a *api) {
		a.call(t, "b2_list_buckets", object{"accountId": "000000000000"}).fails(t, 401, "unauthorized")
	}},
}

// wantFields checks that an object has all these fields.
func wantFields(t testing.TB, got fields, names ...string) {
	t.Helper()
	for _, name := range names {
		if !got.has(name) {
			t.Errorf("field %s is missing in %v", name, got)
		}
	}
}
