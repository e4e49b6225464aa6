package b2test

import (
	"context"
	"testing"
	"time"
)

// tryUntil repeats what only another goroutine or the server can make true,
// for at most 20 seconds.
func tryUntil(t testing.TB, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("it did not come true within 20 seconds")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// detached is a test whose context outlives it, for cleaning up and for other
// goroutines.
type detached struct{ testing.TB }

// Context answers one that does not end with the test.
func (d detached) Context() context.Context { return context.Background() }

// Fatalf notes the failure only: it may be called in another goroutine, or after
// the test.
func (d detached) Fatalf(format string, args ...any) { d.Errorf(format, args...) }
