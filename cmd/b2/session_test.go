package main

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
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
