package b2test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bowline-sync/bowline/b2server"
)

const day = 24 * time.Hour

// open starts a server and authorises with its master key.
func open(t *testing.T, opts ...Option) (*Server, *api) {
	t.Helper()
	s := NewServer(t, opts...)
	return s, dial(t, s.URL, s.KeyID, s.Key)
}

func config(fn func(*b2server.Config)) Option { return WithConfig(fn) }

func TestTokensExpire(t *testing.T) {
	s, a := open(t)
	b := a.bucket(t)
	to := b.uploadURL(t)
	b.upload(t, "n", "x")
	tok := a.call(t, "b2_get_download_authorization", object{"bucketId": b.id, "fileNamePrefix": "", "validDurationInSeconds": 60}).ok(t).str("authorizationToken")
	s.Advance(t, 61*time.Second)
	b.fetch(t, "GET", "n", "Authorization", tok).fails(t, 401, "expired_auth_token")
	b.fetch(t, "GET", "n").ok(t)
	s.Advance(t, day)
	a.call(t, "b2_list_file_names", object{"bucketId": b.id}).fails(t, 401, "expired_auth_token")
	b.put(t, to, "n", "x").fails(t, 401, "expired_auth_token")
}

func TestKeysExpire(t *testing.T) {
	s, a := open(t)
	_, k := a.newKey(t, object{"capabilities": []string{"listKeys"}, "validDurationInSeconds": 3600})
	k.call(t, "b2_list_keys", object{"accountId": a.account}).ok(t)
	s.Advance(t, time.Hour)
	k.call(t, "b2_list_keys", object{"accountId": a.account}).fails(t, 401, "")
	k.authorize(t, 4).fails(t, 401, "unauthorized")
}

func TestDateIsTheServersClock(t *testing.T) {
	s, a := open(t)
	want := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	s.SetNow(t, want)
	date, err := http.ParseTime(a.authorize(t, 4).ok(t).header.Get("Date"))
	if err != nil || date.Sub(want) < 0 || date.Sub(want) > time.Minute {
		t.Errorf("Date: %v, %v", date, err)
	}
}

func TestLifecycleRules(t *testing.T) {
	s, a := open(t)
	b := a.bucket(t, object{"lifecycleRules": []object{
		{"fileNamePrefix": "logs/", "daysFromUploadingToHiding": 10, "daysFromHidingToDeleting": 5, "daysFromStartingToCancelingUnfinishedLargeFiles": 2},
	}})
	b.upload(t, "logs/a", "old")
	b.upload(t, "kept", "x")
	b.start(t, "logs/unfinished")
	versions := func() []string {
		a.token = a.authorize(t, 4).str("authorizationToken")
		return b.names(t, "b2_list_file_versions", nil)
	}
	for _, step := range []struct {
		days int
		want []string
	}{
		{1, []string{"kept", "logs/a", "start logs/unfinished"}},
		{1, []string{"kept", "logs/a"}},
		{8, []string{"kept", "hide logs/a", "logs/a"}},
		{4, []string{"kept", "hide logs/a", "logs/a"}},
		{1, []string{"kept"}},
	} {
		s.Advance(t, time.Duration(step.days)*day)
		if got := versions(); !slices.Equal(got, step.want) {
			t.Fatalf("after %d more days: %v, want %v", step.days, got, step.want)
		}
	}
}

// TestLifecycleRuleOfManyDays: 200,000 days are more than a time.Duration
// holds, and still in the future.
func TestLifecycleRuleOfManyDays(t *testing.T) {
	s, a := open(t)
	b := a.bucket(t, object{"lifecycleRules": []object{
		{"fileNamePrefix": "", "daysFromUploadingToHiding": 200_000, "daysFromHidingToDeleting": 200_000},
	}})
	b.upload(t, "a", "old")
	b.upload(t, "a", "new")
	s.Advance(t, 10*day)
	a.token = a.authorize(t, 4).str("authorizationToken")
	if got := b.names(t, "b2_list_file_versions", nil); !slices.Equal(got, []string{"a", "a"}) {
		t.Errorf("after ten days there is %q", got)
	}
}

func TestLifecycleSparesProtectedVersions(t *testing.T) {
	s, a := open(t)
	b := a.bucket(t, object{"fileLockEnabled": true, "lifecycleRules": []object{{"fileNamePrefix": "", "daysFromHidingToDeleting": 1}}})
	f := b.upload(t, "n", "x", "X-Bz-File-Legal-Hold", "on")
	b.hide(t, "n").ok(t)
	s.Advance(t, 3*day)
	a.token = a.authorize(t, 4).str("authorizationToken")
	if got := b.names(t, "b2_list_file_versions", nil); !slices.Equal(got, []string{"hide n", "n"}) {
		t.Errorf("a marker over a held version must stay: %v", got)
	}
	a.call(t, "b2_update_file_legal_hold", object{"fileName": "n", "fileId": f.str("fileId"), "legalHold": "off"}).ok(t)
	s.Advance(t, day)
	a.token = a.authorize(t, 4).str("authorizationToken")
	if got := b.names(t, "b2_list_file_versions", nil); got != nil {
		t.Errorf("left: %v", got)
	}
}

func TestComplianceCannotBeShortened(t *testing.T) {
	s, a := open(t)
	b := a.bucket(t, object{"fileLockEnabled": true})
	f := b.upload(t, "n", "x")
	a.retain(t, f, "compliance", day, false).ok(t)
	a.retain(t, f, "compliance", time.Hour, true).fails(t, 403, "access_denied")
	a.retain(t, f, "governance", 2*day, true).fails(t, 403, "access_denied")
	a.call(t, "b2_delete_file_version", object{"fileName": "n", "fileId": f.str("fileId"), "bypassGovernance": true}).fails(t, 401, "access_denied")
	s.Advance(t, 2*day)
	a.token = a.authorize(t, 4).str("authorizationToken")
	a.delete(t, f.fields).ok(t)
}

func TestCapsCountByDay(t *testing.T) {
	s, a := open(t, config(func(c *b2server.Config) { c.Caps = b2server.Caps{ClassB: 2, ClassC: 50, Download: 10, Storage: 100} }))
	b := a.bucket(t)
	f := b.upload(t, "n", "12345")
	info := func() *answer { return a.call(t, "b2_get_file_info", object{"fileId": f.str("fileId")}) }
	info().ok(t)
	info().ok(t)
	info().fails(t, 403, "transaction_cap_exceeded")
	s.Advance(t, day)
	a.token = a.authorize(t, 4).str("authorizationToken")
	b.fetch(t, "GET", "n").ok(t)
	b.fetch(t, "GET", "n").ok(t)
	s.Advance(t, day)
	a.token = a.authorize(t, 4).str("authorizationToken")
	b.fetch(t, "GET", "n").ok(t)
	b.put(t, b.uploadURL(t), "big", strings.Repeat("x", 96)).fails(t, 403, "storage_cap_exceeded")
	b.upload(t, "fits", strings.Repeat("x", 95))
	a.delete(t, f.fields).ok(t)
	b.upload(t, "fits too", "12345")
	b.fetch(t, "GET", "fits").fails(t, 403, "download_cap_exceeded")
}

func TestTestModes(t *testing.T) {
	_, a := open(t)
	b := a.bucket(t)
	failed := 0
	for range 6 {
		if got := b.put(t, b.uploadURL(t), "n", "x", "X-Bz-Test-Mode", "fail_some_uploads"); got.status != 200 {
			got.fails(t, 503, "service_unavailable")
			failed++
		}
	}
	if failed != 2 {
		t.Errorf("%d of 6 uploads failed, want 2", failed)
	}
	expired := 0
	for range 6 {
		r := newRequest(t, "GET", a.endpoint+"/b2api/v4/b2_authorize_account", nil)
		r.SetBasicAuth(a.keyID, a.key)
		r.Header.Set("X-Bz-Test-Mode", "expire_some_account_authorization_tokens")
		one := *a
		one.token = a.do(t, r).ok(t).str("authorizationToken")
		if got := one.call(t, "b2_list_buckets", object{"accountId": a.account}); got.status != 200 {
			got.fails(t, 401, "expired_auth_token")
			expired++
		}
	}
	if expired != 2 {
		t.Errorf("%d of 6 tokens expired, want 2", expired)
	}
	r := newRequest(t, "GET", a.url+"/b2api/v4/b2_get_upload_url?bucketId="+b.id, nil)
	r.Header.Set("Authorization", a.token)
	r.Header.Add("X-Bz-Test-Mode", "fail_some_uploads")
	r.Header.Add("X-Bz-Test-Mode", "force_cap_exceeded")
	a.do(t, r).fails(t, 403, "cap_exceeded")
}

// What cannot be delivered is in the log by its rule and host. The rest of a
// webhook's address is often its password.
func TestWebhookAddressIsNotLogged(t *testing.T) {
	var log bytes.Buffer
	tried := make(refusing, 10)
	s, a := open(t, config(func(c *b2server.Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Webhooks = tried
	}))
	b := &testBucket{api: a, name: randomName()} // stays: the server ends before the test
	b.id = a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": b.name, "bucketType": "allPrivate"}).ok(t).str("bucketId")
	a.call(t, "b2_set_bucket_notification_rules", object{"bucketId": b.id, "eventNotificationRules": []object{{
		"name": "the-rule", "eventTypes": []string{"b2:ObjectCreated:*"}, "isEnabled": true, "objectNamePrefix": "",
		"targetConfiguration": object{"targetType": "webhook", "url": "https://hooks.test/s3cret?token=s3cret"}}}}).ok(t)
	b.upload(t, "n", "x")
	<-tried
	s.Stop()
	if err := s.Close(); err != nil { // ends the deliveries, with a word for what is under way
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "rule=the-rule host=hooks.test") || strings.Contains(text, "s3cret") {
		t.Errorf("the log: %s", text)
	}
}

// refusing is a way to webhooks on which none is reached.
type refusing chan struct{}

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) {
	r <- struct{}{}
	return nil, errors.New("refused")
}

func TestNotificationRulesAreRequired(t *testing.T) {
	_, a := open(t)
	b := a.bucket(t)
	a.call(t, "b2_set_bucket_notification_rules", object{"bucketId": b.id}).fails(t, 400, "bad_request")
	a.call(t, "b2_set_bucket_notification_rules", object{"bucketId": b.id, "eventNotificationRules": []object{}}).ok(t)
}

func TestWebhooksAreSigned(t *testing.T) {
	got := make(chan string, 10)
	const secret = "0123456789abcdef0123456789abcdef"
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		if want := "v1=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get(b2server.SignatureHeader) != want {
			got <- "signature " + r.Header.Get(b2server.SignatureHeader)
		}
		var events struct {
			Events []struct{ EventType, ObjectName, MatchedRuleName string }
		}
		_ = json.Unmarshal(body, &events)
		for _, e := range events.Events {
			got <- fmt.Sprint(e.MatchedRuleName, " ", e.EventType, " ", e.ObjectName, " ", r.Header.Get("X-Env"))
		}
	}))
	defer hook.Close()
	_, a := open(t)
	b := a.bucket(t)
	rule := func(name, kind string) object {
		return object{"name": name, "eventTypes": []string{kind}, "isEnabled": true, "objectNamePrefix": "in/",
			"targetConfiguration": object{"targetType": "webhook", "url": hook.URL, "hmacSha256SigningSecret": secret,
				"customHeaders": []object{{"name": "X-Env", "value": "test"}}}}
	}
	set := func(rules ...object) *answer {
		return a.call(t, "b2_set_bucket_notification_rules", object{"bucketId": b.id, "eventNotificationRules": rules})
	}
	set(rule("made", "b2:ObjectCreated:*"), rule("hidden", "b2:HideMarkerCreated:Hide"), rule("gone", "b2:ObjectDeleted:*")).ok(t)
	rules := a.get(t, "b2_get_bucket_notification_rules", "bucketId", b.id).ok(t).list("eventNotificationRules")
	if len(rules) != 3 || rules[0]["isSuspended"] != false || rules[0].object("targetConfiguration").str("url") != hook.URL {
		t.Errorf("rules: %v", rules)
	}
	b.upload(t, "out", "x")
	f := b.upload(t, "in/a", "x")
	b.hide(t, "in/a").ok(t)
	a.delete(t, f.fields).ok(t)
	for _, want := range []string{"made b2:ObjectCreated:Upload in/a test", "hidden b2:HideMarkerCreated:Hide in/a test", "gone b2:ObjectDeleted:Delete in/a test"} {
		if event := <-got; event != want {
			t.Errorf("got %q, want %q", event, want)
		}
	}
	set(rule("a", "b2:Nonsense")).fails(t, 400, "event_type_invalid")
	set(rule("a", "b2:ObjectCreated:*"), rule("b", "b2:ObjectCreated:Copy")).fails(t, 400, "event_type_overlap")
	mixed := rule("a", "b2:ObjectCreated:*")
	mixed["eventTypes"] = []string{"b2:ObjectCreated:*", "b2:ObjectDeleted:*"}
	set(mixed).fails(t, 400, "event_type_categories")
}

func TestCORS(t *testing.T) {
	_, a := open(t)
	b := a.bucket(t, object{"corsRules": []object{{"corsRuleName": "downloads", "allowedOrigins": []string{"https://*.example.test"},
		"allowedOperations": []string{"b2_download_file_by_name"}, "allowedHeaders": []string{"range", "x-bz-*"},
		"exposeHeaders": []string{"x-bz-content-sha1"}, "maxAgeSeconds": 600}}})
	b.upload(t, "n", "x")
	preflight := func(origin, headers string) *answer {
		r := newRequest(t, "OPTIONS", a.download+"/file/"+b.name+"/n", nil)
		setHeaders(r, []string{"Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", headers})
		return a.do(t, r)
	}
	got := preflight("https://www.example.test", "Range, X-Bz-Foo")
	if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != "https://www.example.test" ||
		got.header.Get("Access-Control-Max-Age") != "600" || !strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "range") {
		t.Errorf("preflight: %d %v", got.status, got.header)
	}
	for _, bad := range [][2]string{{"https://evil.test", ""}, {"http://www.example.test", ""}, {"https://www.example.test", "Cookie"}} {
		if got := preflight(bad[0], bad[1]); got.status == 200 || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("preflight %v: %d %v", bad, got.status, got.header)
		}
	}
	if got := b.fetch(t, "GET", "n", "Origin", "https://www.example.test").ok(t); got.header.Get("Access-Control-Expose-Headers") != "x-bz-content-sha1" {
		t.Errorf("download: %v", got.header)
	}
	if got := b.fetch(t, "GET", "n", "Origin", "https://evil.test").ok(t); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("download: %v", got.header)
	}
}

func TestPublicBucket(t *testing.T) {
	_, a := open(t)
	b := a.bucket(t, object{"bucketType": "allPublic"})
	f := b.upload(t, "n", "x")
	b.fetch(t, "GET", "n", "Authorization", "").ok(t)
	a.fetchID(t, "GET", f.str("fileId"), "Authorization", "").ok(t)
	r := newRequest(t, "GET", a.download+"/file/"+b.name+"/n?b2ContentType=image%2Fpng", nil)
	a.do(t, r).fails(t, 401, "unauthorized")
}

// A stored page cannot act for who signed in at "/". Other clients see no
// header that the service does not send.
func TestStoredPagesAreOfAnotherOrigin(t *testing.T) {
	_, a := open(t)
	b := a.bucket(t, object{"bucketType": "allPublic"})
	b.upload(t, "n.html", "<script>fetch('/')</script>", "Content-Type", "text/html")
	browser := b.fetch(t, "GET", "n.html", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Authorization", "").ok(t)
	if got := browser.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox ") || strings.Contains(got, "same-origin") {
		t.Errorf("a browser is told %q", got)
	}
	if got := b.fetch(t, "GET", "n.html", "Accept", "*/*").ok(t).header.Get("Content-Security-Policy"); got != "" {
		t.Errorf("another client is told %q", got)
	}
}

func TestCustomUploadTime(t *testing.T) {
	s, a := open(t)
	b := a.bucket(t)
	b.upload(t, "n", "new")
	past := fmt.Sprint(s.Now().Add(-day).UnixMilli())
	one := b.upload(t, "n", "old", "X-Bz-Custom-Upload-Timestamp", past)
	if fmt.Sprint(one.num("uploadTimestamp")) != past {
		t.Errorf("file: %s", one.raw)
	}
	two := b.start(t, "n", object{"custom_upload_timestamp": one.num("uploadTimestamp")})
	if two.num("uploadTimestamp") != one.num("uploadTimestamp")+1 {
		t.Errorf("a taken time must move by 1 ms: %s", two.raw)
	}
	if got := b.fetch(t, "GET", "n").ok(t); string(got.raw) != "new" {
		t.Errorf("the name shows %q", got.raw)
	}
	future := fmt.Sprint(s.Now().Add(day).UnixMilli())
	b.put(t, b.uploadURL(t), "n", "x", "X-Bz-Custom-Upload-Timestamp", future).fails(t, 400, "bad_request")
}

// piped authorises over a pipe, inside a synctest bubble, and makes a bucket.
func piped(t *testing.T, opts ...Option) *testBucket {
	t.Helper()
	s := NewServer(t, append(opts, WithPipe())...)
	a := &api{endpoint: s.URL, keyID: s.KeyID, key: s.Key, url: s.URL, download: s.URL, client: &http.Client{Transport: s.Transport()}}
	got := a.authorize(t, 4).ok(t)
	a.account, a.token = got.str("accountId"), got.str("authorizationToken")
	const name = "piped-bucket"
	id := a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": name, "bucketType": "allPrivate"}).ok(t).str("bucketId")
	return &testBucket{api: a, id: id, name: name}
}

func TestSlowBodyIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := piped(t)
		reader, writer := io.Pipe()
		r := b.putRequest(t, b.uploadURL(t), "n", "content")
		r.Body, r.ContentLength = reader, 7
		began := time.Now()
		go func() { _, _ = io.WriteString(writer, "con") }()
		b.do(t, r).fails(t, 408, "request_timeout")
		if took := time.Since(began); took != time.Minute {
			t.Errorf("cut off after %v", took)
		}
		_ = writer.Close()
	})
}

// A body that no handler reads is waited for no longer than one that is read.
func TestBodyThatNeverComesIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := piped(t)
		to := b.uploadURL(t)
		for _, c := range []struct {
			method, url string
			status      int
		}{
			{"POST", b.url + "/b2api/v4/b2_list_buckets", 401},
			{"GET", b.url + "/b2api/v4/b2_list_buckets", 401},
			{"POST", to.url, 401},
			{"POST", b.url + "/healthz", 200},
			{"POST", b.url + "/nothing", 404},
		} {
			reader, writer := io.Pipe()
			r := newRequest(t, c.method, c.url, reader)
			r.ContentLength = 7
			r.Header.Set("Authorization", "made-up")
			began := time.Now()
			if got := b.do(t, r); got.status != c.status || time.Since(began) != time.Minute {
				t.Errorf("%s: %d after %v", got.call, got.status, time.Since(began))
			}
			_ = writer.Close()
		}
	})
}

func TestSlowReaderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := piped(t)
		b.upload(t, "n", strings.Repeat("x", 1<<20))
		r := newRequest(t, "GET", b.api.download+"/file/"+b.name+"/n", nil)
		r.Header.Set("Authorization", b.token)
		res, err := b.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if _, err := io.Copy(io.Discard, res.Body); err == nil {
			t.Error("the rest came after two minutes")
		}
		_ = res.Body.Close()
	})
}

// Only a peer that does not move is cut off: work that takes long is not.
func TestSlowWorkIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := piped(t, config(func(c *b2server.Config) { c.Bandwidth = 1 }))
		content := strings.Repeat("x", 300)
		began := time.Now()
		f := b.upload(t, "n", content)
		if took := time.Since(began); took != 300*time.Second {
			t.Errorf("upload at 1 byte a second: %v", took)
		}
		got := b.call(t, "b2_download_file_by_id", object{"fileId": f.str("fileId")}).ok(t)
		if took := time.Since(began); took != 600*time.Second || string(got.raw) != content {
			t.Errorf("download at 1 byte a second: %v, %d bytes", took, len(got.raw))
		}
	})
}

func TestLatencyAndRandomFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := piped(t, config(func(c *b2server.Config) {
			c.Latency = func(call string) time.Duration {
				if call == "b2_list_file_names" {
					return time.Second
				}
				return 0
			}
		}))
		began := time.Now()
		b.names(t, "b2_list_file_names", nil)
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
	s := NewServer(t, config(func(c *b2server.Config) { c.FaultRate, c.FaultSeed = 0.5, 1 }))
	a := &api{endpoint: s.URL, keyID: s.KeyID, key: s.Key, client: &http.Client{Transport: s.Transport()}}
	failed := 0
	for range 100 {
		if a.authorize(t, 4).status == 503 {
			failed++
		}
	}
	if failed < 30 || failed > 70 {
		t.Errorf("%d of 100 calls failed at a rate of 0.5", failed)
	}
}

func TestAccessLog(t *testing.T) {
	var log strings.Builder
	s := NewServer(t, config(func(c *b2server.Config) { c.AccessLog = slog.New(slog.NewJSONHandler(&log, nil)) }))
	a := &api{endpoint: s.URL, keyID: s.KeyID, key: s.Key, client: &http.Client{Transport: s.Transport()}}
	token := a.authorize(t, 4).ok(t).str("authorizationToken")
	a.do(t, newRequest(t, "GET", s.URL+"/file/some-bucket/secret-name?Authorization="+token, nil))
	s.Stop() // the log is complete
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("log: %s", log.String())
	}
	var line struct {
		Call, Code, Method string
		Status             int
	}
	if err := json.Unmarshal([]byte(lines[1]), &line); err != nil || line.Call != "b2_download_file_by_name" || line.Status != 404 || line.Code != "not_found" {
		t.Errorf("line: %s, %v", lines[1], err)
	}
	for _, secret := range []string{token, s.Key, "secret-name"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func TestStrictNames(t *testing.T) {
	_, a := open(t, config(func(c *b2server.Config) { c.StrictNames = true }))
	b := a.bucket(t)
	for _, name := range []string{`a\b`, "/a", "a/", "a//b", "a/../b", ".", strings.Repeat("x", 251)} {
		b.put(t, b.uploadURL(t), name, "x").fails(t, 400, "bad_request")
	}
	b.upload(t, "a/b.c", "x")
}

// Names that look like paths are names and nothing else.
func TestNamesAreNotPaths(t *testing.T) {
	_, a := open(t, WithDisk(t.TempDir()))
	b := a.bucket(t)
	names := []string{"../../etc/passwd", "/etc/passwd", "a//b", "a/./b", "a/../b", `c:\windows`, "..", ".", "a/", "//", "a?b#c%2F"}
	for _, name := range names {
		b.upload(t, name, "content of "+name)
	}
	for _, name := range names {
		if got := b.fetch(t, "GET", name); got.status != 200 || string(got.raw) != "content of "+name {
			t.Errorf("%q: %d %q", name, got.status, got.raw)
		}
	}
}

func TestPage(t *testing.T) {
	_, a := open(t)
	b := a.bucket(t)
	b.upload(t, "dir/<script>", "12345")
	b.upload(t, "shown", "x")
	b.hide(t, "shown").ok(t)
	b.start(t, "unfinished")
	page := func(query string) *answer {
		r := newRequest(t, "GET", a.url+"/"+query, nil)
		r.SetBasicAuth(a.keyID, a.key)
		return a.do(t, r)
	}
	if got := a.do(t, newRequest(t, "GET", a.url+"/", nil)); got.status != 401 || got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a key: %d", got.status)
	}
	for query, want := range map[string][]string{
		"":                                   {b.name, b.id},
		"?bucket=" + b.name:                  {"dir/", "hide marker", "unfinished", "older"},
		"?bucket=" + b.name + "&prefix=dir/": {"&lt;script&gt;", "5 B"},
	} {
		got := page(query).ok(t)
		for _, w := range want {
			if !strings.Contains(string(got.raw), w) {
				t.Errorf("page %q lacks %q", query, w)
			}
		}
		if strings.Contains(string(got.raw), "<script>\"") || strings.Contains(string(got.raw), "http") {
			t.Errorf("page %q: unescaped, or something external", query)
		}
	}
	if got := page("?bucket=none"); got.status != 404 {
		t.Errorf("no bucket: %d", got.status)
	}
}

func TestOperation(t *testing.T) {
	_, a := open(t)
	if got := a.do(t, newRequest(t, "GET", a.url+"/healthz", nil)).ok(t); string(got.raw) != "ok\n" {
		t.Errorf("healthz: %q", got.raw)
	}
	if got := a.do(t, newRequest(t, "GET", a.url+"/metrics", nil)).ok(t); !strings.Contains(string(got.raw), `b2server_requests_total{call="b2_authorize_account",status="200"}`) {
		t.Errorf("metrics: %s", got.raw)
	}
	a.do(t, newRequest(t, "GET", a.url+"/nothing", nil)).fails(t, 404, "not_found")
	a.do(t, newRequest(t, "GET", a.url+"/b2api/v5/b2_list_buckets", nil)).fails(t, 404, "not_found")
}

// A server that starts again over the same folder knows everything, and its
// tokens still work.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	var token, bucketID string
	t.Run("first", func(t *testing.T) {
		_, a := open(t, WithDisk(dir))
		got := a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": "kept-bucket", "bucketType": "allPrivate"}).ok(t)
		token, bucketID = a.token, got.str("bucketId")
		b := &testBucket{api: a, id: bucketID, name: "kept-bucket"}
		b.upload(t, "n", "content")
		b.upload(t, "big", strings.Repeat("x", 200_000))
	})
	_, a := open(t, WithDisk(dir))
	a.token = token
	b := &testBucket{api: a, id: bucketID, name: "kept-bucket"}
	if got := b.fetch(t, "GET", "n").ok(t); string(got.raw) != "content" {
		t.Errorf("content: %q", got.raw)
	}
	if got := b.fetch(t, "GET", "big", "Range", "bytes=150000-150002").ok(t); string(got.raw) != "xxx" {
		t.Errorf("content: %q", got.raw)
	}
	b.upload(t, "n", "again")
	if got := b.names(t, "b2_list_file_versions", nil); !slices.Equal(got, []string{"big", "n", "n"}) {
		t.Errorf("versions: %v", got)
	}
}

// A server that does not run at midnight runs the lifecycle rules at its next
// start.
func TestLifecycleRulesRunAfterRestart(t *testing.T) {
	dir := t.TempDir()
	var bucketID string
	t.Run("first", func(t *testing.T) {
		_, a := open(t, WithDisk(dir))
		rules := []object{{"fileNamePrefix": "", "daysFromUploadingToHiding": 2}}
		got := a.call(t, "b2_create_bucket", object{"accountId": a.account, "bucketName": "kept-bucket", "bucketType": "allPrivate", "lifecycleRules": rules})
		bucketID = got.ok(t).str("bucketId")
		(&testBucket{api: a, id: bucketID}).upload(t, "n", "x")
	})
	s, a := open(t, WithDisk(dir), config(func(c *b2server.Config) {
		c.Clock = func() time.Time { return time.Now().Add(3 * day) }
	}))
	if err := s.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := &testBucket{api: a, id: bucketID}
	if got := b.names(t, "b2_list_file_versions", nil); !slices.Equal(got, []string{"hide n", "n"}) {
		t.Errorf("versions: %v", got)
	}
}
