package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The account file goes both ways between our program and b2sdk as Debian
// packages it, which is some years old: whoever has authorised with one need
// not do it again for the other.
const (
	sdkAuthorizes = `
import sys
from b2sdk.v2 import B2Api, SqliteAccountInfo
api = B2Api(SqliteAccountInfo())
api.authorize_account(*sys.argv[1:])
api.create_bucket('of-the-sdk', 'allPrivate')
`
	sdkUses = `
from b2sdk.v2 import B2Api, SqliteAccountInfo
info = SqliteAccountInfo()
api = B2Api(info)
bucket = api.get_bucket_by_name('of-ours')
bucket.upload_bytes(b'by the sdk', 'a.txt')
print(info.get_account_id(), info.get_application_key_id(), info.get_application_key(), info.get_realm())
`
)

func TestAccountFileOfSDK(t *testing.T) {
	needB2SDK(t)
	s := serve(t)
	env := accountEnv(t)
	tool(t, env, python, "-c", sdkAuthorizes, s.url, s.keyID, s.key)
	var got struct {
		ApplicationKeyID, ApplicationKey, APIURL string
		IsMasterKey                              bool
		Allowed                                  struct{ Buckets []any }
	}
	out := tool(t, env, binary, "account", "get")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.ApplicationKeyID != s.keyID || got.ApplicationKey != s.key || got.APIURL != s.url || got.Allowed.Buckets != nil {
		t.Errorf("our program reads the SDK's account as %+v", got)
	}
	if list := tool(t, env, binary, "bucket", "list"); !strings.Contains(list, "of-the-sdk") {
		t.Errorf("with the SDK's account, the buckets are %q", list)
	}
}

func TestAccountFileOfOurs(t *testing.T) {
	needB2SDK(t)
	s := serve(t)
	env := accountEnv(t)
	tool(t, env, binary, "account", "authorize", "--environment", s.url, s.keyID, s.key)
	tool(t, env, binary, "bucket", "create", "of-ours", "allPrivate")
	said := strings.Fields(tool(t, env, python, "-c", sdkUses))
	if want := []string{s.keyID, s.key, s.url}; len(said) != 4 || strings.Join(said[1:], " ") != strings.Join(want, " ") {
		t.Errorf("the SDK reads our account as %q, want %q behind the account id", said, want)
	}
	if got := tool(t, env, binary, "file", "cat", "--no-progress", "b2://of-ours/a.txt"); got != "by the sdk" {
		t.Errorf("the SDK's file holds %q", got)
	}
}

// accountEnv has an account file of its own and no key beside it.
func accountEnv(t *testing.T) []string {
	t.Helper()
	for _, name := range []string{"B2_APPLICATION_KEY_ID", "B2_APPLICATION_KEY", "B2_ENVIRONMENT"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	return []string{"HOME=" + dir, "XDG_CONFIG_HOME=", "B2_ACCOUNT_INFO=" + filepath.Join(dir, "account")}
}
