package b2server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// The answers, field by field, against examples composed from the API
// documentation (testdata/golden). Both sides are compared as JSON values, so
// the order of fields does not matter, but every name, type and null does.

// golden compares got with the example of that name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "golden", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var want, have any
	for _, one := range []struct {
		data []byte
		into *any
	}{{raw, &want}, {got, &have}} {
		d := json.NewDecoder(bytes.NewReader(one.data))
		d.UseNumber()
		if err := d.Decode(one.into); err != nil {
			t.Fatalf("%s: %v in %s", name, err, one.data)
		}
	}
	if !reflect.DeepEqual(want, have) {
		t.Errorf("%s:\n got %s\nwant %s", name, got, raw)
	}
}

// documented is the file of the documentation's examples.
func documented() *version {
	return &version{Bucket: "e73ede9969c64355ef8b0012", Name: "nightly/hello.txt", Time: 1767323045000, Number: 0x17c1bdee4b1c0de,
		Action: actionUpload, Size: 11, SHA1: "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed", MD5: "5eb63bbbe01eeed093cb22bb8f5acdc3",
		ContentType: "text/plain", Info: []infoPair{{"src_last_modified_millis", "1767323000123"}}, Seal: seal{Mode: sseB2}}
}

func TestGoldenFiles(t *testing.T) {
	all := shape{account: "a30f20426f0b1", readRetention: true, readHold: true}
	list, v1 := all, all
	list.list = true
	v1.list, v1.v1 = true, true
	copied := all
	copied.action = wire.ActionCopy
	blind := shape{account: all.account}

	started := documented()
	started.Action, started.Large, started.Size, started.SHA1, started.MD5 = actionStart, true, 0, wire.SHA1None, ""
	finished := documented()
	finished.Large, finished.SHA1, finished.MD5 = true, wire.SHA1None, ""
	marker := &version{Bucket: started.Bucket, Name: started.Name, Time: started.Time, Number: started.Number, Action: actionHide,
		SHA1: sha1OfNothing, MD5: md5OfNothing, ContentType: wire.HideContentType}
	locked := documented()
	locked.Lock = lock{Mode: lockGovernance, Until: 1893456000000, Hold: holdOn}
	locked.Seal = seal{Mode: sseC, KeyMD5: "SaaDheEjzuynJH8eW6AEpQ=="}

	waiting := documented()
	waiting.Replication = replicationPending

	golden(t, "file_upload", appendFile(nil, documented(), all))
	golden(t, "file_upload", appendFile(nil, documented(), list))
	golden(t, "file_v1_listed", appendFile(nil, documented(), v1))
	golden(t, "file_start", appendFile(nil, started, all))
	golden(t, "file_finished", appendFile(nil, finished, all))
	golden(t, "file_hide", appendFile(nil, marker, all))
	golden(t, "file_copy", appendFile(nil, documented(), copied))
	golden(t, "file_locked", appendFile(nil, locked, all))
	golden(t, "file_locked_unreadable", appendFile(nil, locked, blind))
	golden(t, "file_waiting", appendFile(nil, waiting, list))
	golden(t, "folder", appendFolder(nil, "nightly/", started.Bucket, list))
}

// goldenCall makes a call as the master key, or another, would make it.
func goldenCall(t *testing.T, k *key, version int) *call {
	t.Helper()
	s, err := New(Config{Store: NewMemStore(), MaintainEvery: -1, URL: "https://api005.example.test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.account = "a30f20426f0b1"
	s.buckets.set(&bucket{ID: "e73ede9969c64355ef8b0012", Name: "backups-jo", Type: "allPrivate", Revision: 2})
	if k == nil {
		k = s.master
	}
	return &call{s: s, key: k, version: version, now: time.UnixMilli(1767323045000)}
}

func goldenJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestGoldenAccount(t *testing.T) {
	prefix := "nightly/"
	restricted := &key{ID: "k", Capabilities: []string{"listBuckets", "listFiles"}, Prefix: &prefix,
		Buckets: []string{"e73ede9969c64355ef8b0012"}, Expires: 1893456000000}
	free := &key{ID: "k", Capabilities: []string{"listBuckets", "listFiles"}}
	for version, name := range []string{1: "authorize_v1", 2: "authorize_v2", 3: "authorize_v3", 4: "authorize_v4"} {
		if name == "" {
			continue
		}
		c := goldenCall(t, nil, version)
		golden(t, name+"_restricted", goldenJSON(t, c.authorizeAnswer(restricted, "token")))
		golden(t, name, goldenJSON(t, c.authorizeAnswer(free, "token")))
	}
	several := *restricted
	several.Buckets = append(several.Buckets, "e73ede9969c64355ef8b0034") // which is gone
	golden(t, "authorize_v4_several", goldenJSON(t, goldenCall(t, nil, 4).authorizeAnswer(&several, "token")))
	several.Name = "a-key"
	golden(t, "key_v4", goldenJSON(t, goldenCall(t, nil, 4).keyAnswer(&several)))
	golden(t, "key_v3", goldenJSON(t, goldenCall(t, nil, 3).keyAnswer(&several)))
}

func TestGoldenBucket(t *testing.T) {
	c := goldenCall(t, nil, 4)
	golden(t, "bucket", goldenJSON(t, c.bucketAnswer(c.s.buckets.byName("backups-jo"))))
	c = goldenCall(t, &key{Capabilities: []string{"listBuckets"}}, 4)
	golden(t, "bucket_unreadable", goldenJSON(t, c.bucketAnswer(c.s.buckets.byName("backups-jo"))))
	raw := []byte(`{"asReplicationSource":{"replicationRules":[{"destinationBucketId":"e73ede9969c64355ef8b0034","fileNamePrefix":"",
		"includeExistingFiles":false,"isEnabled":true,"priority":128,"replicationRuleName":"to-eu"}],"sourceApplicationKeyId":"k5"},
		"asReplicationDestination":{"sourceToDestinationKeyMapping":{"a":"b"}}}`)
	kept, err := checkReplication(raw)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "replication", kept)
}

func TestGoldenPart(t *testing.T) {
	p := &part{Number: 2, Size: 100, SHA1: strings.Repeat("a", 40), Time: 1767323045000, Seal: seal{Mode: sseB2}}
	golden(t, "part", goldenJSON(t, partAnswer(documented().id(), p)))
}

func TestGoldenError(t *testing.T) {
	w := &recorded{discard: discard{header: map[string][]string{}}}
	(&response{ResponseWriter: w}).fail(badRequest("File names must not be empty"))
	golden(t, "error", w.body)
	if w.status != 400 || w.header["Content-Type"][0] != "application/json;charset=UTF-8" {
		t.Errorf("%d %v", w.status, w.header)
	}
}

// discard is a ResponseWriter that counts.
type discard struct {
	header http.Header
	status int
	n      int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { d.n += len(p); return len(p), nil }

// recorded keeps the body of an answer.
type recorded struct {
	discard
	body []byte
}

func (r *recorded) Write(p []byte) (int, error) {
	r.body = append(r.body, p...)
	return len(p), nil
}
