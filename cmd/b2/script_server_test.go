package main

import (
	"net/http"

	"github.com/bowline-sync/bowline/b2server"
)

// count counts the calls that go through a handler, by name.
func (w *world) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.counts[b2server.CallName(r)]++
		w.mu.Unlock()
		next.ServeHTTP(rw, r)
	})
}
