package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bowline-sync/bowline/b2"
)

// TestUserAgent: B2_USER_AGENT_APPEND stands behind the names of the library
// and of the program, in every request.
func TestUserAgent(t *testing.T) {
	var mu sync.Mutex
	var agents []string
	c := newServerComputer(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			_, program, _ := strings.Cut(r.UserAgent(), " ")
			agents = append(agents, program)
			mu.Unlock()
			h.ServeHTTP(w, r)
		})
	})
	c.b2(0, "bucket", "list")
	c.vars["B2_USER_AGENT_APPEND"] = "nightly/7"
	c.b2(0, "bucket", "list")
	own := "b2-cli/" + version
	want := []string{own, own, own + " nightly/7", own + " nightly/7"} // authorising, and listing
	if !slices.Equal(agents, want) {
		t.Errorf("the requests came from %q, want %q", agents, want)
	}
}

// A service that does not answer is not waited for all night by a command that
// somebody looks at: a terminal is told what it waits for, and a minute is
// enough. The clock is the bubble's.
func TestCommandsGiveUp(t *testing.T) {
	none, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	none.Close() // nobody listens there any more
	for _, terminal := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var errs bytes.Buffer
			vars := map[string]string{"B2_ENVIRONMENT": "http://" + none.Addr().String(), "B2_APPLICATION_KEY_ID": "id", "B2_APPLICATION_KEY": "key"}
			e := &env{program: "b2", stdout: io.Discard, stderr: &errs, stderrTTY: terminal,
				getenv: func(name string) string { return vars[name] }, home: t.TempDir(), goos: runtime.GOOS}
			s, err := e.open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			began := time.Now()
			if _, err := s.ListBuckets(t.Context(), b2.ListBucketsRequest{}); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("it ends with %v", err)
			}
			if took := time.Since(began); took < commandPatience || took > 2*commandPatience {
				t.Errorf("it gave up after %v, not after %v", took, commandPatience)
			}
			if told := errs.String(); strings.HasSuffix(told, "refused; trying again\n") != terminal || strings.Count(told, "\n") > 1 {
				t.Errorf("terminal %v: it says %q", terminal, told)
			}
		})
	}
}
