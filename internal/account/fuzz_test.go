package account

import (
	"os"
	"path/filepath"
	"testing"
)

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"account_id":"a","application_key":"k","account_auth_token":"t","api_url":"u","download_url":"d","minimum_part_size":1,"realm":"r"}`))
	f.Add([]byte(`{"account_id":null}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseJSON(text)
		if (s == nil) == (err == nil) {
			t.Errorf("account %v with error %v", s, err)
		}
		if err == nil && (s.ID == "" || s.APIURL == "") {
			t.Errorf("an account without id or address: %q", text)
		}
	})
}

func FuzzDecodeAllowed(f *testing.F) {
	f.Add(`{"buckets":[{"id":"1","name":null}],"capabilities":["x"],"namePrefix":null}`)
	f.Add(`{"bucketId":"1","bucketName":"b","capabilities":[],"namePrefix":"p"}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		allowed, err := decodeAllowed(text)
		if err != nil {
			return
		}
		again, err := encodeAllowed(allowed)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeAllowed(again); err != nil || (back.Buckets == nil) != (allowed.Buckets == nil) {
			t.Errorf("%q became %q", text, again)
		}
	})
}

// FuzzLoad reads files with any bytes in them: an error or an account, never a
// panic, and the file stays as it is.
func FuzzLoad(f *testing.F) {
	whole := Open(filepath.Join(f.TempDir(), "account_info"))
	if err := whole.Save(f.Context(), sample()); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(whole.Path())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, 100, byte(0xff))
	f.Add(good[:4096], 20, byte(0))
	f.Add([]byte("SQLite format 3\x00"), 0, byte('S'))
	f.Add([]byte{}, 0, byte(0))
	f.Fuzz(func(t *testing.T, content []byte, at int, with byte) {
		if at >= 0 && at < len(content) {
			content[at] = with
		}
		file := Open(filepath.Join(t.TempDir(), "account_info"))
		if err := os.WriteFile(file.Path(), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := file.Load(t.Context()); (s == nil) == (err == nil) {
			t.Errorf("account %v with error %v", s, err)
		}
		file.BucketID(t.Context(), "x")
		if now, err := os.ReadFile(file.Path()); err != nil || string(now) != string(content) {
			t.Errorf("reading changed the file (%v)", err)
		}
	})
}
