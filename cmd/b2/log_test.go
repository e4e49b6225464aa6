package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bowline-sync/bowline/b2server"
)

// watchedServer is a server that notes what it is asked, and answers the first
// call of some kinds with a 503.
type watchedServer struct {
	http.Handler
	mu    sync.Mutex
	asked map[string]int // by the name of the call
}

var refusedOnce = []string{"b2_list_file_names", "b2_upload_file", "b2_upload_part", "b2_copy_file", "b2_download_file_by_id"}

func (w *watchedServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	name := parts[slices.IndexFunc(parts, func(part string) bool { return strings.HasPrefix(part, "b2_") })]
	w.mu.Lock()
	w.asked[name]++
	refuse := w.asked[name] == 1 && slices.Contains(refusedOnce, name)
	w.mu.Unlock()
	if refuse {
		rw.Header().Set("Retry-After", "1")
		rw.WriteHeader(http.StatusServiceUnavailable)
		rw.Write([]byte(`{"status": 503, "code": "service_unavailable", "message": "busy"}`))
		return
	}
	w.Handler.ServeHTTP(rw, r)
}

// newServerComputer is a computer that works against a server of its own.
func newServerComputer(t *testing.T, wrap func(http.Handler) http.Handler) *aComputer {
	const keyID, key = "key0000000000000", "K005verysecretverysecretverysec"
	server, err := b2server.New(b2server.Config{Store: b2server.NewMemStore(), KeyID: keyID, Key: key, RecommendedPartSize: 5_000_000})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(wrap(server))
	t.Cleanup(func() {
		web.Close()
		server.Close()
	})
	c := newComputer(t)
	c.vars = map[string]string{"B2_ENVIRONMENT": web.URL, "B2_APPLICATION_KEY_ID": keyID, "B2_APPLICATION_KEY": key}
	return c
}

// TestEachRequestIsLogged compares the log with what the server was asked, of
// every kind of call that a sync makes.
func TestEachRequestIsLogged(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the service")
	}
	server := &watchedServer{asked: map[string]int{}}
	c := newServerComputer(t, func(h http.Handler) http.Handler { server.Handler = h; return server })
	sync := func(args ...string) {
		c.b2(0, append([]string{"sync", "--log-file", c.path("log"), "--log-level", "debug"}, args...)...)
	}
	c.write("src/large", strings.Repeat("0123456789", 1_100_000))
	sync("--create-bucket", c.path("src"), "b2://logged-bucket/from")
	sync("b2://logged-bucket/from", "b2://logged-bucket/to")
	sync("b2://logged-bucket/to", c.path("back"))
	c.write("src/a.txt", "changed")
	sync("--keep-days", "1", c.path("src"), "b2://logged-bucket/from")
	sync("--delete", "--allow-empty-source", c.path("none"), "b2://logged-bucket/from")

	logged, refused := map[string]int{}, map[string]int{}
	for line := range strings.Lines(c.read("log")) {
		var record struct {
			Msg, Call  string
			Status     int
			Seconds    *float64
			Sent, Wait *int64
			Retry      bool
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if record.Msg != "call" {
			continue
		}
		logged[record.Call]++
		if record.Status == http.StatusServiceUnavailable && record.Retry {
			refused[record.Call]++
		}
		if record.Status == 0 || record.Seconds == nil || record.Sent == nil {
			t.Errorf("a record lacks something: %s", line)
		}
	}
	if !maps.Equal(logged, server.asked) {
		t.Errorf("logged are\n%v, the server was asked\n%v", logged, server.asked)
	}
	for _, name := range refusedOnce {
		if refused[name] != 1 {
			t.Errorf("%s was refused once and logged so %d times", name, refused[name])
		}
	}
	for _, secret := range []string{c.vars["B2_APPLICATION_KEY"], url.QueryEscape(c.vars["B2_APPLICATION_KEY"]), "Authorization"} {
		if strings.Contains(c.read("log"), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
