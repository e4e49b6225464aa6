package b2test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// api makes calls by hand and holds what authorising answered.
type api struct {
	endpoint, keyID, key string
	account, token       string
	url, download        string
	minPart              int
	client               *http.Client
}

// object is a JSON object.
type object = map[string]any

// dial authorises.
func dial(t testing.TB, endpoint, keyID, key string) *api {
	t.Helper()
	a := &api{endpoint: endpoint, keyID: keyID, key: key, client: &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(a.client.CloseIdleConnections)
	got := a.authorize(t, 4).ok(t)
	storage := got.object("apiInfo").object("storageApi")
	a.account, a.token = got.str("accountId"), got.str("authorizationToken")
	a.url, a.download = storage.str("apiUrl"), storage.str("downloadUrl")
	a.minPart = int(storage.num("absoluteMinimumPartSize"))
	return a
}

func (a *api) authorize(t testing.TB, version int) *answer {
	t.Helper()
	r := newRequest(t, "GET", fmt.Sprintf("%s/b2api/v%d/b2_authorize_account", a.endpoint, version), nil)
	r.SetBasicAuth(a.keyID, a.key)
	return a.do(t, r)
}

func newRequest(t testing.TB, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "bowline-conformance/1")
	return r
}

// answer is what came back.
type answer struct {
	call   string
	status int
	header http.Header
	raw    []byte
	fields
}

// fields reads a JSON object; what is missing or of another type is zero.
type fields object

func (f fields) str(name string) string { s, _ := f[name].(string); return s }

func (f fields) num(name string) int64 {
	n, _ := f[name].(json.Number)
	i, _ := n.Int64()
	return i
}

func (f fields) object(name string) fields { o, _ := f[name].(object); return o }

func (f fields) list(name string) (list []fields) {
	all, _ := f[name].([]any)
	for _, v := range all {
		o, _ := v.(object)
		list = append(list, o)
	}
	return list
}

// has says that a field is there, even if it is null.
func (f fields) has(name string) bool { _, ok := f[name]; return ok }

// do sends a request and reads its answer, which must be well-formed.
func (a *api) do(t testing.TB, r *http.Request) *answer {
	t.Helper()
	res, err := a.client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
		return &answer{} // for detached tests
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: reading the answer: %v", r.Method, r.URL.Path, err)
	}
	got := &answer{call: r.Method + " " + r.URL.Path, status: res.StatusCode, header: res.Header, raw: raw}
	if res.Header.Get("Date") == "" {
		t.Errorf("%s: no Date", got.call)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") && len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&got.fields); err != nil && res.StatusCode != 200 && res.StatusCode != 206 {
			t.Errorf("%s: not JSON: %s", got.call, raw)
		}
	}
	return got
}

// ok fails the test unless the answer is a success.
func (got *answer) ok(t testing.TB) *answer {
	t.Helper()
	if got.status != http.StatusOK && got.status != http.StatusPartialContent {
		t.Fatalf("%s: %d %s", got.call, got.status, got.raw)
	}
	return got
}

// fails fails the test unless the answer is this error; "" is any code.
func (got *answer) fails(t testing.TB, status int, code string) *answer {
	t.Helper()
	if got.status != status || code != "" && got.str("code") != code {
		t.Errorf("%s: got %d %s, want %d %s", got.call, got.status, got.raw, status, code)
		return got
	}
	if len(got.raw) > 0 && got.num("status") != int64(status) {
		t.Errorf("%s: the body says status %v, HTTP %d", got.call, got.fields["status"], status)
	}
	return got
}

// says checks the message of an error that clients read.
func (got *answer) says(t testing.TB, message string) {
	t.Helper()
	if got.str("message") != message {
		t.Errorf("%s: %s, want the message %q", got.call, got.raw, message)
	}
}

// call makes a JSON call by POST, in version 4.
func (a *api) call(t testing.TB, name string, req object) *answer {
	t.Helper()
	return a.callV(t, 4, name, req)
}

func (a *api) callV(t testing.TB, version int, name string, req object) *answer {
	t.Helper()
	body, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	return a.post(t, version, name, string(body))
}

func (a *api) post(t testing.TB, version int, name, body string) *answer {
	t.Helper()
	r := newRequest(t, "POST", fmt.Sprintf("%s/b2api/v%d/%s", a.url, version, name), strings.NewReader(body))
	r.Header.Set("Authorization", a.token)
	return a.do(t, r)
}

// get makes a call by GET with the fields in the query.
func (a *api) get(t testing.TB, name string, query ...string) *answer {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	r := newRequest(t, "GET", a.url+"/b2api/v4/"+name+"?"+values.Encode(), nil)
	r.Header.Set("Authorization", a.token)
	return a.do(t, r)
}

// randomName is the name of a bucket that nobody has.
func randomName() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return "bowline-" + hex.EncodeToString(b)
}

// testBucket is a bucket of one test.
type testBucket struct {
	*api
	id, name string
}

// bucket makes a bucket that goes with the test. More fields may be given.
func (a *api) bucket(t testing.TB, more ...object) *testBucket {
	t.Helper()
	b := &testBucket{api: a, name: randomName()}
	req := object{"accountId": a.account, "bucketName": b.name, "bucketType": "allPrivate"}
	for _, m := range more {
		for k, v := range m {
			req[k] = v
		}
	}
	b.id = a.call(t, "b2_create_bucket", req).ok(t).str("bucketId")
	t.Cleanup(func() { b.remove(t) })
	return b
}

// remove empties the bucket and deletes it.
func (b *testBucket) remove(t testing.TB) {
	clean := dial(detached{t}, b.endpoint, b.keyID, b.key)
	d := detached{t}
	for {
		page := clean.call(d, "b2_list_file_versions", object{"bucketId": b.id, "maxFileCount": 1000})
		if page.status != 200 {
			return // the test has deleted it
		}
		for _, f := range page.list("files") {
			clean.call(d, "b2_delete_file_version", object{"fileName": f["fileName"], "fileId": f["fileId"], "bypassGovernance": true}).ok(t)
		}
		if page.str("nextFileName") == "" {
			break
		}
	}
	clean.call(d, "b2_delete_bucket", object{"accountId": b.account, "bucketId": b.id}).ok(t)
}

// upload sends a small file in the plainest way and answers the file.
func (b *testBucket) upload(t testing.TB, name, content string, headers ...string) *answer {
	t.Helper()
	return b.put(t, b.uploadURL(t), name, content, headers...).ok(t)
}

// place is an upload URL and its token.
type place struct{ url, token string }

func (b *testBucket) uploadURL(t testing.TB) place {
	t.Helper()
	got := b.call(t, "b2_get_upload_url", object{"bucketId": b.id}).ok(t)
	return place{got.str("uploadUrl"), got.str("authorizationToken")}
}

// put sends a small file; headers override those that are sent anyway, and ""
// leaves one out.
func (b *testBucket) put(t testing.TB, to place, name, content string, headers ...string) *answer {
	t.Helper()
	return b.do(t, b.putRequest(t, to, name, content, headers...))
}

func (b *testBucket) putRequest(t testing.TB, to place, name, content string, headers ...string) *http.Request {
	t.Helper()
	r := newRequest(t, "POST", to.url, strings.NewReader(content))
	r.Header.Set("Authorization", to.token)
	r.Header.Set("X-Bz-File-Name", escape(name))
	r.Header.Set("Content-Type", "text/plain")
	r.Header.Set("X-Bz-Content-Sha1", sha1Of(content))
	setHeaders(r, headers)
	return r
}

func setHeaders(r *http.Request, headers []string) {
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		} else {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
}

// escape encodes every byte, which is always right.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if name[i] == '/' {
			b.WriteByte('/')
		} else {
			fmt.Fprintf(&b, "%%%02X", name[i])
		}
	}
	return b.String()
}

func sha1Of(content string) string {
	sum := sha1.Sum([]byte(content))
	return hex.EncodeToString(sum[:])
}

// fetch downloads by name.
func (b *testBucket) fetch(t testing.TB, method, name string, headers ...string) *answer {
	t.Helper()
	r := newRequest(t, method, b.api.download+"/file/"+b.name+"/"+escape(name), nil)
	r.Header.Set("Authorization", b.token)
	setHeaders(r, headers)
	return b.do(t, r)
}

// fetchID downloads by id.
func (a *api) fetchID(t testing.TB, method, id string, headers ...string) *answer {
	t.Helper()
	r := newRequest(t, method, a.download+"/b2api/v4/b2_download_file_by_id?fileId="+url.QueryEscape(id), nil)
	r.Header.Set("Authorization", a.token)
	setHeaders(r, headers)
	return a.do(t, r)
}

// names lists the whole bucket as "name" (action upload) or "action name".
func (b *testBucket) names(t testing.TB, call string, more object) (all []string) {
	t.Helper()
	req := object{"bucketId": b.id, "maxFileCount": 1000}
	for k, v := range more {
		req[k] = v
	}
	return entries(b.call(t, call, req).ok(t).list("files"))
}

func entries(files []fields) (all []string) {
	for _, f := range files {
		if a := f.str("action"); a == "upload" {
			all = append(all, f.str("fileName"))
		} else {
			all = append(all, a+" "+f.str("fileName"))
		}
	}
	return all
}

func (b *testBucket) hide(t testing.TB, name string) *answer {
	t.Helper()
	return b.call(t, "b2_hide_file", object{"bucketId": b.id, "fileName": name})
}

func (a *api) delete(t testing.TB, f fields) *answer {
	t.Helper()
	return a.call(t, "b2_delete_file_version", object{"fileName": f["fileName"], "fileId": f["fileId"]})
}
