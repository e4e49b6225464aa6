package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var eventSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile("../../docs/events.schema.json")
})

// events reads what --output json printed, and checks every line against the
// schema.
func events(t *testing.T, out string) (records []map[string]any) {
	t.Helper()
	schema, err := eventSchema()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}

// unwilling answers calls with an error as often as it is told to.
type unwilling struct {
	http.Handler
	mu     sync.Mutex
	status map[string]int // by the name of the call; once
}

func (u *unwilling) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	name := path.Base(r.URL.Path)
	status := u.status[name]
	delete(u.status, name)
	u.mu.Unlock()
	if status == 0 {
		u.Handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(status)
	io.WriteString(w, `{"status": `+strconv.Itoa(status)+`, "code": "made_up", "message": "no"}`)
}

// TestRealRunsFollowTheSchema causes every type of record, every kind of action
// and every result by runs of the program.
func TestRealRunsFollowTheSchema(t *testing.T) {
	server := &unwilling{status: map[string]int{"b2_list_file_names": 503}}
	c := newServerComputer(t, func(h http.Handler) http.Handler { server.Handler = h; return server })
	seen := map[string]bool{}
	sync := func(status int, words ...string) {
		t.Helper()
		out, _ := c.b2(status, append([]string{"sync", "--output", "json"}, words...)...)
		for _, record := range events(t, out) {
			what := fmt.Sprint(record["type"])
			if what == "action" {
				what = fmt.Sprint(record["kind"], " ", record["result"])
			}
			seen[what] = true
		}
	}
	const up, down, quick = "b2://up-bucket", "b2://down-bucket", "b2://quick-bucket"
	c.b2(0, "bucket", "create", "down-bucket", "allPrivate")
	c.b2(0, "bucket", "create", "up-bucket", "allPrivate", "--lifecycle-rule",
		`{"daysFromHidingToDeleting": 1, "daysFromUploadingToHiding": null, "fileNamePrefix": ""}`)
	sync(0, c.path("src"), up) // with a retry
	sync(0, "--dry-run", up, down)
	sync(0, up, down)
	c.write("nothing", "")
	c.b2(0, "file", "upload", "--quiet", "down-bucket", c.path("nothing"), "folder/")
	sync(0, down, c.path("back"))
	c.write("src/a.txt", "changed")
	if err := errors.Join(os.Remove(c.path("src/d/b.txt")), os.Symlink("nowhere", c.path("src/link"))); err != nil {
		t.Fatal(err)
	}
	server.status["b2_hide_file"] = 400
	sync(1, "--keep-days", "3", c.path("src"), up) // a warning, and a hide that fails
	if err := os.Remove(c.path("src/link")); err != nil {
		t.Fatal(err)
	}
	sync(0, "--keep-days", "3", c.path("src"), up) // a hide, and a note on the rules
	sync(0, "--delete", c.path("src"), up)
	c.write("src/a.txt", "older")
	if err := os.Chtimes(c.path("src/a.txt"), time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	sync(1, c.path("src"), up) // the destination is newer
	sync(1, c.path("src"), quick)

	for _, want := range []string{"plan", "failure", "warning", "note", "retry", "verdict", "upload done", "copy planned", "copy done",
		"download done", "makeFolder done", "hide failed", "hide done", "delete done"} {
		if !seen[want] {
			t.Errorf("no run told of %q", want)
		}
	}
}
