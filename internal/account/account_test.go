package account

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2"
)

// sample is an account with every field set.
func sample() *Stored {
	return &Stored{
		Account: b2.Account{
			ID: "a30f20426f0b1", KeyID: "005a30f20426f0b10000000005", Token: "4_token=",
			APIURL: "https://api005.example.test", DownloadURL: "https://f005.example.test", S3APIURL: "https://s3.example.test",
			MinPartSize: 5_000_000, RecommendedPartSize: 100_000_000,
			Allowed: b2.Allowed{
				Buckets:      []b2.BucketRef{{ID: "e73ede9969c64355ef8b0012", Name: "backups-jo"}, {ID: "e73ede9969c64355ef8b0034"}},
				Capabilities: []string{"listBuckets", "listFiles"},
				Prefix:       "nightly/",
			},
		},
		Key: "K005secret", Realm: "production",
	}
}

func tempFile(t *testing.T) *File {
	return Open(filepath.Join(t.TempDir(), "deep", "b2", "account_info"))
}

func TestSaveThenLoad(t *testing.T) {
	f := tempFile(t)
	if _, err := f.Load(t.Context()); !errors.Is(err, ErrNone) {
		t.Fatalf("Load without a file: %v, want ErrNone", err)
	}
	if err := f.Save(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	got, err := f.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := sample(); !reflect.DeepEqual(got, want) {
		t.Errorf("loaded %#v\nwant   %#v", *got, *want)
	}
}

func TestUnrestrictedKeyStaysUnrestricted(t *testing.T) {
	for _, buckets := range [][]b2.BucketRef{nil, {}} {
		text, err := encodeAllowed(b2.Allowed{Buckets: buckets})
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeAllowed(text)
		if err != nil {
			t.Fatal(err)
		}
		if (back.Buckets == nil) != (buckets == nil) {
			t.Errorf("%#v became %#v by way of %s", buckets, back.Buckets, text)
		}
	}
}

// TestOlderReleasesCanRead: those that know one bucket or none find it so
// beside the list, and nothing where there are more, or none is left.
func TestOlderReleasesCanRead(t *testing.T) {
	for _, c := range []struct {
		buckets []b2.BucketRef
		want    string
	}{
		{nil, `{"buckets":null,"capabilities":[],"namePrefix":null,"bucketId":null,"bucketName":null}`},
		{[]b2.BucketRef{}, `{"buckets":[],"capabilities":[],"namePrefix":null}`},
		{[]b2.BucketRef{{ID: "1", Name: "one"}}, `{"buckets":[{"id":"1","name":"one"}],"capabilities":[],"namePrefix":null,"bucketId":"1","bucketName":"one"}`},
		{[]b2.BucketRef{{ID: "1"}, {ID: "2"}}, `{"buckets":[{"id":"1","name":null},{"id":"2","name":null}],"capabilities":[],"namePrefix":null}`},
	} {
		text, err := encodeAllowed(b2.Allowed{Buckets: c.buckets})
		if err != nil || text != c.want {
			t.Errorf("%v is written as %s (%v)\nwant %s", c.buckets, text, err, c.want)
		}
		back, err := decodeAllowed(text)
		if err != nil || !reflect.DeepEqual(back.Buckets, c.buckets) {
			t.Errorf("%s is read as %#v (%v)", text, back.Buckets, err)
		}
	}
}

func TestOnlyTheOwnerCanRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	f := tempFile(t)
	if err := f.Save(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{f.Path(): 0o600, filepath.Dir(f.Path()): 0o755} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
}

// TestSchemaIsTheReferences pins what the reference reads by name.
func TestSchemaIsTheReferences(t *testing.T) {
	f := tempFile(t)
	if err := f.Save(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	db := openDatabase(t, f.Path())
	for table, columns := range map[string]string{
		"account": "account_id application_key account_auth_token api_url download_url absolute_minimum_part_size " +
			"recommended_part_size realm allowed account_id_or_app_key_id s3_api_url",
		"bucket":            "bucket_name bucket_id",
		"bucket_upload_url": "bucket_id upload_url upload_auth_token",
		"update_done":       "update_number",
	} {
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		rows.Close()
		if got := strings.Join(names, " "); err != nil || got != columns {
			t.Errorf("table %s has columns %s, want %s (%v)", table, got, columns, err)
		}
	}
	var numbers string
	if err := db.QueryRow("SELECT group_concat(update_number) FROM update_done").Scan(&numbers); err != nil || numbers != "1,2,3,4,5,6" {
		t.Errorf("updates done: %s (%v), want 1 to 6", numbers, err)
	}
	var allowed string
	if err := db.QueryRow("SELECT allowed FROM account").Scan(&allowed); err != nil {
		t.Fatal(err)
	}
	const want = `{"buckets":[{"id":"e73ede9969c64355ef8b0012","name":"backups-jo"},{"id":"e73ede9969c64355ef8b0034","name":null}],` +
		`"capabilities":["listBuckets","listFiles"],"namePrefix":"nightly/"}`
	if allowed != want {
		t.Errorf("allowed is %s\nwant       %s", allowed, want)
	}
}

// TestOlderForms reads files as the reference wrote them through the years,
// and sees them brought up to date by the next write.
func TestOlderForms(t *testing.T) {
	const update0 = `CREATE TABLE update_done (update_number INT NOT NULL);
		CREATE TABLE account (account_id TEXT NOT NULL, application_key TEXT NOT NULL, account_auth_token TEXT NOT NULL,
			api_url TEXT NOT NULL, download_url TEXT NOT NULL, minimum_part_size INT NOT NULL, realm TEXT NOT NULL);
		CREATE TABLE bucket (bucket_name TEXT NOT NULL, bucket_id TEXT NOT NULL);
		CREATE TABLE bucket_upload_url (bucket_id TEXT NOT NULL, upload_url TEXT NOT NULL, upload_auth_token TEXT NOT NULL);
		INSERT INTO account VALUES ('acct', 'key', 'token', 'https://api', 'https://dl', 200000000, 'production');
		INSERT INTO bucket VALUES ('some-bucket', 'some-id');`
	const update4 = update0 + `DROP TABLE account;
		CREATE TABLE account (account_id TEXT NOT NULL, application_key TEXT NOT NULL, account_auth_token TEXT NOT NULL,
			api_url TEXT NOT NULL, download_url TEXT NOT NULL, absolute_minimum_part_size INT NOT NULL,
			recommended_part_size INT NOT NULL, realm TEXT NOT NULL, allowed TEXT, account_id_or_app_key_id TEXT, s3_api_url TEXT);
		INSERT INTO update_done VALUES (1), (2), (3), (4);
		INSERT INTO account VALUES ('acct', 'key', 'token', 'https://api', 'https://dl', 5000000, 200000000, 'production',
			'{"bucketId": "some-id", "bucketName": "some-bucket", "capabilities": ["listFiles"], "namePrefix": null}', 'key-id', NULL);`
	all := b2.Allowed{Capabilities: allCapabilities}
	tests := map[string]struct {
		script  string
		keyID   string
		allowed b2.Allowed
	}{
		"update 0": {update0, "acct", all},
		"update 1": {update0 + `ALTER TABLE account ADD COLUMN allowed TEXT; INSERT INTO update_done VALUES (1)`, "acct", all},
		"update 4": {update4, "key-id", b2.Allowed{
			Buckets: []b2.BucketRef{{ID: "some-id", Name: "some-bucket"}}, Capabilities: []string{"listFiles"},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := Open(filepath.Join(t.TempDir(), "account_info"))
			if _, err := openDatabase(t, f.Path()).Exec(test.script); err != nil {
				t.Fatal(err)
			}
			check := func(when string) {
				t.Helper()
				got, err := f.Load(t.Context())
				if err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				want := &Stored{
					Account: b2.Account{ID: "acct", KeyID: test.keyID, Token: "token", APIURL: "https://api", DownloadURL: "https://dl",
						MinPartSize: 5_000_000, RecommendedPartSize: 200_000_000, Allowed: test.allowed},
					Key: "key", Realm: "production",
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %#v\nwant %#v", when, got.Account, want.Account)
				}
			}
			check("as it was")
			if err := f.AddBucket(t.Context(), b2.BucketRef{ID: "other-id", Name: "other-bucket"}); err != nil {
				t.Fatal(err)
			}
			check("after a write")
			if id, known := f.BucketID(t.Context(), "some-bucket"); !known || id != "some-id" {
				t.Errorf("some-bucket is %q, %v after a write", id, known)
			}
		})
	}
}

// jsonFile is an account file of the form from before SQLite.
func jsonFile(t *testing.T) *File {
	t.Helper()
	f := Open(filepath.Join(t.TempDir(), "account_info"))
	const text = `{"account_id": "acct", "application_key": "key", "account_auth_token": "token", "api_url": "https://api",
		"download_url": "https://dl", "minimum_part_size": 100000000, "realm": "production"}`
	if err := os.WriteFile(f.Path(), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestJSONForm(t *testing.T) {
	f := jsonFile(t)
	got, err := f.Load(t.Context())
	if err != nil || got.ID != "acct" || got.KeyID != "acct" || got.RecommendedPartSize != 100_000_000 {
		t.Fatalf("loaded %v, %v", got, err)
	}
	if err := f.Save(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	if got, err = f.Load(t.Context()); err != nil || got.ID != sample().ID {
		t.Errorf("after Save: %v, %v", got, err)
	}
}

// TestJSONFormIsConverted: whatever is written first, the account of the older
// form is still there after it, and nobody else can read it any more.
func TestJSONFormIsConverted(t *testing.T) {
	for name, write := range map[string]func(*File) error{
		"a bucket": func(f *File) error { return f.AddBucket(t.Context(), b2.BucketRef{ID: "1", Name: "a"}) },
		"a token": func(f *File) error {
			renewed, err := f.Load(t.Context())
			if err != nil {
				return err
			}
			renewed.Token = "another"
			return f.Renew(t.Context(), renewed)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := jsonFile(t)
			if err := write(f); err != nil {
				t.Fatal(err)
			}
			got, err := f.Load(t.Context())
			if err != nil || got.ID != "acct" || got.Key != "key" || got.RecommendedPartSize != 100_000_000 {
				t.Errorf("loaded %v, %v", got, err)
			}
			files, err := os.ReadDir(filepath.Dir(f.Path()))
			if err != nil || len(files) != 1 {
				t.Errorf("beside the file there is something: %v, %v", files, err)
			}
			if info, err := os.Stat(f.Path()); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
				t.Errorf("the file is %v, %v", info, err)
			}
		})
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	const text = "dear diary, this is not a database but a very long text of more than one page of SQLite\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(text, 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	f := Open(path)
	if _, err := f.Load(t.Context()); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("Load: %v, want ErrCorrupt with the path", err)
	}
	if err := f.Save(t.Context(), sample()); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Save: %v, want ErrCorrupt", err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != strings.Repeat(text, 100) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestRenewKeepsBuckets(t *testing.T) {
	f := tempFile(t)
	if err := f.Save(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	refs := []b2.BucketRef{{ID: "1", Name: "a"}, {ID: "2", Name: "b"}}
	if err := f.SetBuckets(t.Context(), refs); err != nil {
		t.Fatal(err)
	}
	renewed := sample()
	renewed.Token = "4_newer="
	if err := f.Renew(t.Context(), renewed); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Load(t.Context()); err != nil || got.Token != "4_newer=" {
		t.Errorf("token not renewed: %v", err)
	}
	if got, err := f.Buckets(t.Context()); err != nil || !reflect.DeepEqual(got, refs) {
		t.Errorf("buckets %v, %v; want %v", got, err, refs)
	}

	other := sample()
	other.KeyID, other.Token = "somebody else's", "4_stale="
	if err := f.Renew(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Load(t.Context()); err != nil || got.Token != "4_newer=" {
		t.Errorf("the token of another key was stored: %v", err)
	}
}

func TestBucketNames(t *testing.T) {
	f := tempFile(t)
	ctx := t.Context()
	if _, known := f.BucketID(ctx, "a"); known {
		t.Error("a is known without a file")
	}
	for _, ref := range []b2.BucketRef{{ID: "1", Name: "a"}, {ID: "2", Name: "b"}, {ID: "1", Name: "c"}} {
		if err := f.AddBucket(ctx, ref); err != nil {
			t.Fatal(err)
		}
	}
	if _, known := f.BucketID(ctx, "a"); known {
		t.Error("a is known after it was renamed")
	}
	if id, _ := f.BucketID(ctx, "c"); id != "1" {
		t.Errorf("c is %q, want 1", id)
	}
	if err := f.ForgetBucket(ctx, "c"); err != nil {
		t.Fatal(err)
	}
	if _, known := f.BucketID(ctx, "c"); known {
		t.Error("c is known after it was forgotten")
	}
	if err := f.Clear(ctx); err != nil {
		t.Fatal(err)
	}
	if refs, err := f.Buckets(ctx); err != nil || len(refs) != 0 {
		t.Errorf("after Clear: %v, %v", refs, err)
	}
}

func TestSecretsStayHidden(t *testing.T) {
	s := sample()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "account", s)
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %s", s, s, s), log.String()} {
		if strings.Contains(text, "secret") || strings.Contains(text, "4_token") {
			t.Errorf("a secret shows in %s", text)
		}
	}
	if text, err := json.Marshal(s.LogValue().String()); err != nil || strings.Contains(string(text), "secret") {
		t.Errorf("a secret shows in %s (%v)", text, err)
	}
}

func TestIsMasterKey(t *testing.T) {
	for keyID, want := range map[string]bool{
		"a30f20426f0b1": true, "005a30f20426f0b10000000000": true,
		"005a30f20426f0b10000000005": false, "other": false, "": false,
	} {
		s := Stored{Account: b2.Account{ID: "a30f20426f0b1", KeyID: keyID}}
		if s.IsMasterKey() != want {
			t.Errorf("key %q: master is %v, want %v", keyID, !want, want)
		}
	}
}

func openDatabase(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
