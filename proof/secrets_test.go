//go:build unix

package proof

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2test"
)

// secrets collects what must never be seen: the key, and each token that the
// server gives out.
type secrets struct {
	mu     sync.Mutex
	all    []string
	chatty atomic.Bool
}

func (s *secrets) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret != "" {
		s.all = append(s.all, secret)
	}
}

// listen is a fault that spoils nothing until the service is to be chatty.
func (s *secrets) listen() b2test.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if s.chatty.Load() {
			chatty(w, r, server)
			return
		}
		edit(func(answer map[string]any) {
			token, _ := answer["authorizationToken"].(string)
			s.add(token)
		})(w, r, server)
	}
}

// in answers the first secret that a text has, or "".
func (s *secrets) in(text []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.all {
		if bytes.Contains(text, []byte(secret)) {
			return secret
		}
	}
	return ""
}

// TestKeysAreNeverShown: not in what is printed, nor in any log, report,
// history or error; only the account file has them, for its owner alone.
func TestKeysAreNeverShown(t *testing.T) {
	l := newLab(t)
	hidden := &secrets{all: []string{l.server.Key}}
	for _, call := range []string{authorize, uploadURL, partURL} {
		l.server.Fail(call, 1000, hidden.listen())
	}
	l.write("src/f", "content")
	l.write("src/large", strings.Repeat("large content", 20_000))
	l.put("in/f", "content")
	everything := []string{"--verbose", "--debug-logs", "--log-file", l.path("logs/run.json"), "--log-level", "debug",
		"--report", l.path("report.html"), "--metrics-file", l.path("metrics.prom"), "--verdict", "always"}
	if err := os.MkdirAll(l.path("logs"), 0o777); err != nil {
		t.Fatal(err)
	}
	show := func(name string, r result) {
		t.Helper()
		if secret := hidden.in([]byte(r.all())); secret != "" {
			t.Errorf("%s shows the secret %q", name, secret)
		}
	}
	sync := func(code int, args ...string) {
		t.Helper()
		r := l.run(append(append([]string{"sync"}, args...), everything...)...)
		if show("b2 sync", r); r.code != code {
			t.Errorf("exit status %d, want %d: %v", r.code, code, r)
		}
	}
	sync(0, l.path("src"), l.at("up"))
	sync(0, l.at("in"), l.path("dst"))
	sync(0, "--output", "json", l.at("in"), l.at("copy"))
	l.server.Fail(copyFile, 1, chatty)
	sync(1, l.at("in"), l.at("copy-fails"))
	hidden.chatty.Store(true)
	sync(1, l.at("in"), l.at("copy-fails"))
	sync(1, l.path("src"), l.at("up-fails"))
	hidden.chatty.Store(false)
	l.server.Fail(listNames, 1, b2test.ResetBefore())
	sync(0, l.at("in"), l.at("copy-again"))
	// This one shows what it has stored, as the reference does.
	if r := l.run("account", "authorize", l.server.KeyID, l.server.Key); r.code != 0 {
		t.Error(r)
	}
	show("b2 bucket list", l.run("bucket", "list", "--json"))
	show("b2 runs", l.run("runs"))
	l.server.DropFaults()

	holders := 0
	err := filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || hidden.in(content) == "" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if holders++; !strings.Contains(path, "account_info") || info.Mode().Perm() != 0o600 {
			t.Errorf("%s, mode %v, holds a secret", path[len(l.dir):], info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if holders != 1 {
		t.Errorf("%d files hold the key, want the account file alone", holders)
	}
	if len(hidden.all) < 5 {
		t.Errorf("only %d secrets were seen", len(hidden.all))
	}
}

// chatty is an error that repeats what the client sent, as a chatty proxy
// might.
func chatty(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	id, key, _ := r.BasicAuth()
	message := strings.Join([]string{"refused", id, key, r.Header.Get("Authorization")}, " ")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": "bad_request", "message": message, "status": 400})
}

// TestUnaskedAnswersAreNotShown: an answer that comes twice, tokens and all, is
// nothing to be told.
func TestUnaskedAnswersAreNotShown(t *testing.T) {
	l := newLab(t)
	l.write("src/f", "content")
	twice := []string{authorize, listBuckets, uploadURL, uploadFile}
	for _, call := range twice {
		l.server.Fail(call, 1, b2test.DuplicateAnswer())
	}
	if r := l.run("sync", l.path("src"), l.at("up")); r.code != 0 || r.errs != "" {
		t.Error(r)
	}
}

// TestKeyIsNotInTheProcessList looks at the command lines of all processes
// while the program works.
func TestKeyIsNotInTheProcessList(t *testing.T) {
	l := newLab(t)
	looked := make(chan struct{})
	l.put("in/f", "content")
	l.server.Fail(listNames, 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		defer close(looked)
		found := false
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range lines {
			line, _ := os.ReadFile(path)
			if !bytes.Contains(line, []byte(binary)) {
				continue // of other tests, perhaps
			}
			found = true
			if bytes.Contains(line, []byte(l.server.Key)) {
				t.Errorf("a process shows the key: %q", line)
			}
		}
		if len(lines) > 0 && !found {
			t.Error("the program was not among the processes")
		}
		server.ServeHTTP(w, r)
	})
	if r := l.run("sync", l.at("in"), l.path("dst")); r.code != 0 {
		t.Error(r)
	}
	<-looked
}

// TestBadKeys: a key that is wrong, has expired, or may not do what is asked,
// is one line that does not show it.
func TestBadKeys(t *testing.T) {
	l := newLab(t)
	l.write("src/f", "content")
	newKey := func(seconds int, capabilities ...string) (id, secret string) {
		key, err := l.client.CreateKey(t.Context(), b2.CreateKeyRequest{KeyName: "short", Capabilities: capabilities, ValidDurationInSeconds: new(int64(seconds))})
		if err != nil {
			t.Fatal(err)
		}
		return key.ApplicationKeyID, key.Secret
	}
	expiredID, expired := newKey(10, "listBuckets", "listFiles", "writeFiles")
	weakID, weak := newKey(100_000, "listBuckets", "listFiles")
	blindID, blind := newKey(100_000, "listBuckets", "writeFiles")
	l.server.Advance(t, time.Hour)
	for _, c := range []struct{ name, id, key string }{
		{"wrong", l.server.KeyID, "K000wrong-but-secret"},
		{"unknown", "000000000000", "K000unknown-but-secret"},
		{"not ASCII", l.server.KeyID, "K000\u00e9\tsecret"},
		{"expired", expiredID, expired},
		{"may not write", weakID, weak},
		{"may not list", blindID, blind},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := program{args: []string{"sync", l.path("src"), l.at("up")}, dir: l.dir,
				env: []string{"B2_APPLICATION_KEY_ID=" + c.id, "B2_APPLICATION_KEY=" + c.key}}.run(t, l.env)
			if r.code != 1 || strings.Count(r.errs, "\n") != 1 || !strings.HasPrefix(r.errs, "ERROR: ") {
				t.Errorf("want one line: %v", r)
			}
			if strings.Contains(r.all(), c.key) {
				t.Errorf("the key is shown: %v", r)
			}
			t.Logf("%s", r.errs)
		})
	}
}
