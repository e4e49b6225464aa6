package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/internal/history"
)

// aComputer is a world of its own: a home, a server inside the program, and a
// folder with some files.
type aComputer struct {
	t    *testing.T
	dir  string
	vars map[string]string
}

func newComputer(t *testing.T) *aComputer {
	c := &aComputer{t: t, dir: t.TempDir(), vars: map[string]string{"B2_ENVIRONMENT": "local"}}
	c.write("src/a.txt", "a")
	c.write("src/d/b.txt", "b")
	return c
}

func (c *aComputer) path(name string) string { return filepath.Join(c.dir, filepath.FromSlash(name)) }

func (c *aComputer) write(name, text string) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Dir(c.path(name)), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(c.path(name), []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *aComputer) read(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(c.path(name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// b2 runs the program and wants a status. It returns what was printed.
func (c *aComputer) b2(status int, args ...string) (stdout, stderr string) {
	c.t.Helper()
	var out, err bytes.Buffer
	e := &env{program: "b2", args: args, stdin: strings.NewReader(""), stdout: &out, stderr: &err,
		getenv: func(name string) string { return c.vars[name] }, home: c.path("home"), goos: runtime.GOOS}
	if got := run(c.t.Context(), e); got != status {
		c.t.Fatalf("b2 %s ends with %d, want %d\n%s%s", strings.Join(args, " "), got, status, &out, &err)
	}
	return out.String(), err.String()
}

// reachServer lets the computer use a server over HTTP, and tells of each
// request before it is answered. It returns the key.
func (c *aComputer) reachServer(asked func()) (key string) {
	c.t.Helper()
	const keyID, secret = "key0000000000000", "K005verysecretverysecretverysec"
	server, err := b2server.New(b2server.Config{Store: b2server.NewMemStore(), KeyID: keyID, Key: secret})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { server.Close() })
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked()
		server.ServeHTTP(w, r)
	}))
	c.t.Cleanup(web.Close)
	c.vars = map[string]string{"B2_ENVIRONMENT": web.URL, "B2_APPLICATION_KEY_ID": keyID, "B2_APPLICATION_KEY": secret}
	return secret
}

func (c *aComputer) stateDir() string { return c.path("home/.local/state/bowline") }

func TestRunsAreRemembered(t *testing.T) {
	c := newComputer(t)
	if out, _ := c.b2(0, "runs"); out != "" {
		t.Errorf("before the first run there are %q", out)
	}
	c.b2(0, "sync", "--create-bucket", "--exclude-glob", "*.tmp", c.path("src"), "b2://bucket-of-runs")
	c.b2(1, "sync", c.path("src"), "b2://no-such-bucket")
	c.b2(0, "sync", "--dry-run", c.path("src"), "b2://bucket-of-runs/elsewhere")

	out, _ := c.b2(0, "runs", "list", "--json")
	var runs []history.Run
	if err := json.Unmarshal([]byte(out), &runs); err != nil {
		t.Fatal(err)
	}
	if len(runs) != 2 || runs[0].Outcome != "failed" || runs[1].Outcome != "done" || runs[1].Counts["upload"] != 2 {
		t.Fatalf("remembered are %+v", runs)
	}
	if got := strings.Join(runs[1].Options, " "); got != "--create-bucket --exclude-glob=*.tmp" {
		t.Errorf("the options of the first are %s", got)
	}
	if len(runs[0].Failures) != 1 || !strings.Contains(runs[0].Failures[0].Cause, "no-such-bucket") {
		t.Errorf("the failures of the second are %v", runs[0].Failures)
	}
	if out, _ := c.b2(0, "runs", "show", "1"); !strings.Contains(out, "2 uploaded") {
		t.Errorf("the first is shown as\n%s", out)
	}
	c.b2(0, "runs", "report", "1", c.path("run.html"))
	if page := c.read("run.html"); !strings.Contains(page, "2 uploaded") {
		t.Error("the page of the first run does not say what it did")
	}
	c.b2(1, "runs", "show", "9")
	c.b2(2, "runs", "show", "nine")
	if out, _ := c.b2(0, "runs", "prune", "--older-than", "0"); out != "2 runs forgotten\n" {
		t.Errorf("pruning says %q", out)
	}
}

func TestOneSyncAtATime(t *testing.T) {
	c := newComputer(t)
	lock, err := history.Acquire(c.stateDir(), c.path("src"), "b2://one-at-a-time", "[]")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	sync := func(status int, more ...string) string {
		_, stderr := c.b2(status, append([]string{"sync", "--create-bucket", c.path("src"), "b2://one-at-a-time"}, more...)...)
		return stderr
	}
	if stderr := sync(1); !strings.Contains(stderr, "already running: process ") || !strings.Contains(stderr, ", since ") {
		t.Errorf("a second one says %q", stderr)
	}
	sync(0, "--no-lock")
	sync(0, "--exclude-regex", "x")
	sync(0, "--dry-run")
}

// TestSyncWithoutAState has no home, then a state folder that cannot be made.
func TestSyncWithoutAState(t *testing.T) {
	c := newComputer(t)
	c.vars["XDG_DATA_HOME"] = c.path("data")
	c.vars["XDG_STATE_HOME"] = c.path("src/a.txt")
	if _, stderr := c.b2(0, "sync", "--create-bucket", c.path("src"), "b2://stateless-bucket"); stderr != "" {
		t.Errorf("standard error has %q", stderr)
	}
}

func TestRecordsOfARun(t *testing.T) {
	c := newComputer(t)
	c.b2(0, "sync", "--create-bucket", "--report", c.path("r.html"), "--metrics-file", c.path("m.prom"),
		"--log-file", c.path("log"), "--log-level", "debug", c.path("src"), "b2://bucket-of-records")
	for name, want := range map[string]string{
		"r.html": "2 uploaded", "m.prom": "bowline_last_run_success{", "log": `"name":"d/b.txt"`,
	} {
		if text := c.read(name); !strings.Contains(text, want) {
			t.Errorf("%s does not hold %s", name, want)
		}
	}
	for _, option := range []string{"--report", "--metrics-file", "--log-file"} {
		if _, stderr := c.b2(1, "sync", option, c.path("no/such/file"), c.path("src"), "b2://bucket-of-records"); !strings.HasPrefix(stderr, "ERROR: "+option) {
			t.Errorf("%s of a file that cannot be made says %q", option, stderr)
		}
	}
	c.b2(0, "sync", "--dry-run", "--metrics-file", c.path("dry.prom"), c.path("src"), "b2://bucket-of-records")
	if _, err := os.Stat(c.path("dry.prom")); err == nil {
		t.Error("a dry run is written down as a run")
	}
}

// TestRecordsHoldNoSecrets looks for the key and for tokens in everything that
// a run leaves behind.
func TestRecordsHoldNoSecrets(t *testing.T) {
	c := newComputer(t)
	key := c.reachServer(func() {})
	c.b2(0, "sync", "--create-bucket", "--report", c.path("r.html"), "--metrics-file", c.path("m.prom"),
		"--log-file", c.path("log"), "--log-level", "debug", c.path("src"), "b2://bucket-of-secrets")
	c.b2(0, "runs", "report", "1", c.path("again.html"))
	kept := map[string]string{"runs show": "", "runs.db": ""}
	kept["runs show"], _ = c.b2(0, "runs", "show", "1", "--json")
	db, err := os.ReadFile(filepath.Join(c.stateDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	kept["runs.db"] = string(db)
	for _, name := range []string{"r.html", "m.prom", "log", "again.html"} {
		kept[name] = c.read(name)
	}
	for name, text := range kept {
		for _, secret := range []string{key, "authorizationToken", "Authorization:"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
	}
}

// TestJSONIsAllThereIs has runs that end in every way: standard output is lines
// of JSON and nothing else, and the last one is a verdict.
func TestJSONIsAllThereIs(t *testing.T) {
	c := newComputer(t)
	lock, err := history.Acquire(c.stateDir(), c.path("src"), "b2://held-bucket", "[]")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	for _, run := range []struct {
		status int
		last   string
		words  []string
	}{
		{0, "done", []string{"--create-bucket", c.path("src"), "b2://json-bucket"}},
		{0, "done", []string{"--dry-run", c.path("src"), "b2://json-bucket/other"}},
		{0, "done", []string{"--keepDays", "3", c.path("src"), "b2://json-bucket"}}, // an old spelling, with a warning
		{1, "failed", []string{c.path("src"), "b2://other-json-bucket"}},
		{1, "failed", []string{c.path("src"), "b2://held-bucket"}},
		{1, "failed", []string{c.path("none"), "b2://json-bucket"}},
		{1, "failed", []string{"--keep-days", "-1", c.path("src"), "b2://json-bucket"}},
		{1, "failed", []string{"--prices", c.path("none"), c.path("src"), "b2://json-bucket"}},
		{1, "failed", []string{"--log-file", c.path("no/such"), c.path("src"), "b2://json-bucket"}},
		{1, "failed", []string{"--max-class-c", "0", c.path("src"), "b2://json-bucket"}},
		{1, "failed", []string{c.path("src"), c.path("elsewhere")}},
		{2, "failed", []string{c.path("src")}},
		{2, "failed", []string{"--nonsense", c.path("src"), "b2://json-bucket"}},
		{2, "failed", []string{"--delete", "--keep-days", "3", c.path("src"), "b2://json-bucket"}},
		{2, "failed", []string{"--threads", "many", c.path("src"), "b2://json-bucket"}},
	} {
		out, _ := c.b2(run.status, append([]string{"sync", "--output", "json"}, run.words...)...)
		var last map[string]any
		verdicts := 0
		for _, last = range events(t, out) {
			if last["type"] == "verdict" {
				verdicts++
			}
		}
		if last["outcome"] != run.last || verdicts != 1 {
			t.Errorf("%v: the last record is %v, of %d verdicts", run.words, last, verdicts)
		}
	}
	if out, _ := c.b2(2, "sync", "--nonsense", c.path("src"), "b2://json-bucket", "--", "--output=json"); !strings.HasPrefix(out, "Usage:") {
		t.Errorf("text was asked for, and it begins with %.40q", out)
	}
}

// TestVerdictOfARunThatDidNotBegin: text and JSON agree that there is one, and
// so does the history.
func TestVerdictOfARunThatDidNotBegin(t *testing.T) {
	c := newComputer(t)
	c.b2(0, "bucket", "create", "a-bucket", "allPrivate")
	lock, err := history.Acquire(c.stateDir(), c.path("src"), "b2://a-bucket", "[]")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	const verdict = "failed: nothing transferred; "
	for _, bucket := range []string{"no-such-bucket", "a-bucket"} {
		if out, _ := c.b2(1, "sync", c.path("src"), "b2://"+bucket); !strings.HasPrefix(out, verdict) {
			t.Errorf("into %s, standard output is %q", bucket, out)
		}
		if out, _ := c.b2(1, "sync", "--verdict", "never", c.path("src"), "b2://"+bucket); out != "" {
			t.Errorf("into %s, it never speaks and says %q", bucket, out)
		}
	}
	if out, stderr := c.b2(1, "sync", "--keep-days", "-1", c.path("src"), "b2://a-bucket"); out != "" || !strings.HasPrefix(stderr, "ERROR: --keep-days") {
		t.Errorf("options that make no run print %q and %q", out, stderr)
	}
	out, _ := c.b2(0, "runs")
	if n := strings.Count(out, "  failed  "); n != 4 || strings.Count(out, "\n") != 4 {
		t.Errorf("the history is\n%s", out)
	}
	if out, _ = c.b2(0, "runs", "show", "4"); !strings.Contains(out, "already running") {
		t.Errorf("the last one is shown as\n%s", out)
	}
}

// TestTimeIsOfTheWholeRun: a service that takes its time to authorise is a part
// of what the verdict and the history say that the run took.
func TestTimeIsOfTheWholeRun(t *testing.T) {
	c := newComputer(t)
	first := make(chan time.Time, 1)
	c.reachServer(func() {
		select {
		case first <- time.Now():
		default:
		}
	})
	out, _ := c.b2(0, "sync", "--output", "json", "--create-bucket", c.path("src"), "b2://whole-run")
	records := events(t, out)
	verdict := records[len(records)-1]
	started, err := time.Parse(time.RFC3339Nano, verdict["started"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if call := <-first; started.After(call) {
		t.Errorf("it began %v after its first call", started.Sub(call))
	}
	action, err := time.Parse(time.RFC3339Nano, records[0]["time"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Duration(verdict["durationMs"].(float64)+1) * time.Millisecond; started.Add(took).Before(action) {
		t.Errorf("it took %v, and something happened %v after its beginning", took, action.Sub(started))
	}
}

func TestCallsAreLimited(t *testing.T) {
	c := newComputer(t)
	c.b2(0, "bucket", "create", "limited-bucket", "allPrivate")
	for range 30 {
		c.write("src/more"+strings.Repeat("x", len(c.vars)), "x")
		c.vars[strings.Repeat("v", len(c.vars))] = ""
	}
	c.b2(0, "sync", c.path("src"), "b2://limited-bucket/from")
	_, stderr := c.b2(1, "sync", "--max-class-c", "9", "b2://limited-bucket/from", "b2://limited-bucket/to")
	if !strings.Contains(stderr, "stopped by --max-class-c 9") {
		t.Errorf("standard error is %q", stderr)
	}
	out, _ := c.b2(0, "runs", "list", "--json", "--limit", "1")
	var runs []history.Run
	if err := json.Unmarshal([]byte(out), &runs); err != nil {
		t.Fatal(err)
	}
	if runs[0].Outcome != "stopped" || runs[0].Counts["callsC"] > 9 || !strings.Contains(runs[0].Verdict, " left (") {
		t.Errorf("the run is remembered as %+v", runs[0])
	}
	// What is under way when the last call is made is not thrown away.
	out, _ = c.b2(1, "sync", "--threads", "4", "--max-class-b", "20", "b2://limited-bucket/from", c.path("down"))
	if entries, err := os.ReadDir(c.path("down")); err != nil || len(entries) < 19 {
		t.Errorf("%d files came down by 20 calls, %v\n%s", len(entries), err, out)
	}
	if _, stderr := c.b2(1, "sync", "--max-class-b", "0", c.path("src"), "b2://limited-bucket"); !strings.Contains(stderr, "must be at least 1") {
		t.Errorf("a limit of none says %q", stderr)
	}
}

// TestWaitingIsShownFromTheStart has a service that does not answer: the terminal
// shows that the run waits before it has even authorised.
func TestWaitingIsShownFromTheStart(t *testing.T) {
	c := newComputer(t)
	master, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	defer tty.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	shown := make(chan string, 1)
	go func() {
		var seen []byte
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			seen = append(seen, buf[:n]...)
			if err != nil || bytes.Contains(seen, []byte("waiting for the service for ")) && bytes.Contains(seen, []byte("503 service_unavailable")) {
				shown <- string(seen)
				stop()
				io.Copy(io.Discard, master)
				return
			}
		}
	}()
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, `{"status": 503, "code": "service_unavailable", "message": "busy"}`)
	}))
	defer busy.Close()
	vars := map[string]string{"B2_ENVIRONMENT": busy.URL, "B2_APPLICATION_KEY_ID": "id", "B2_APPLICATION_KEY": "key"}
	e := &env{program: "b2", args: []string{"sync", c.path("src"), "b2://some-bucket"}, stdin: strings.NewReader(""),
		stdout: tty, stderr: tty, stdoutTTY: true, stderrTTY: true,
		getenv: func(name string) string { return vars[name] }, home: c.path("home"), goos: runtime.GOOS}
	if status := run(ctx, e); status == 0 {
		t.Error("the run ends well")
	}
	tty.Close()
	master.Close()
	if text := <-shown; !strings.Contains(text, "waiting for the service for ") {
		t.Errorf("the terminal shows %q", text)
	}
}
