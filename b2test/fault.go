package b2test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Fault spoils one call: it answers in place of the server, or passes the call
// on and spoils the answer.
type Fault func(w http.ResponseWriter, r *http.Request, server http.Handler)

// AnyCall matches every call in Fail.
const AnyCall = "*"

// Fail makes the next n calls of that name meet the fault. Several scripts for
// one call follow each other in the order they were given.
func (s *Server) Fail(call string, n int, f Fault) { s.FailAfter(call, 0, n, f) }

// FailAfter lets skip calls of that name pass first.
func (s *Server) FailAfter(call string, skip, n int, f Fault) {
	s.faults.add(&step{call: call, skip: skip, left: n, fault: f})
}

// DropFaults forgets what is left of the script, for a test that cannot know
// how many calls there will be, and says what that was.
func (s *Server) DropFaults() (left []string) {
	left = s.faults.unfired()
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.steps = nil
	return left
}

// script is the faults still to come.
type script struct {
	server *Server
	mu     sync.Mutex
	steps  []*step
	stale  map[string]bool // upload tokens that are refused for good
}

type step struct {
	call       string
	skip, left int
	fault      Fault
}

func (s *script) add(st *step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, st)
}

// next takes the fault that is due for a call, if one is.
func (s *script) next(call string, r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stale[r.Header.Get("Authorization")] {
		return ExpiredToken()
	}
	for _, st := range s.steps {
		if st.left == 0 || st.call != call && st.call != AnyCall {
			continue
		}
		if st.skip > 0 {
			st.skip--
			return nil
		}
		st.left--
		return st.fault
	}
	return nil
}

// unfired names what is left of the script.
func (s *script) unfired() (left []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.steps {
		if st.left > 0 {
			left = append(left, fmt.Sprintf("%s, %d times (after %d more calls)", st.call, st.left, st.skip))
		}
	}
	return left
}

// Answer answers with an error of this status and code. A Retry-After in whole
// seconds goes with it when retryAfter is positive.
func Answer(status int, code string, retryAfter time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
		}
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, `{"code":%q,"message":"scripted fault","status":%d}`, code, status)
		}
	}
}

// Busy answers 503 service_unavailable.
func Busy() Fault { return Answer(http.StatusServiceUnavailable, wire.CodeServiceUnavailable, 0) }

// ExpiredToken answers 401 expired_auth_token.
func ExpiredToken() Fault {
	return Answer(http.StatusUnauthorized, wire.CodeExpiredAuthToken, 0)
}

// StaleURL makes the upload URL that is being used stale: this upload and all
// later ones with its token are answered 401 expired_auth_token.
func (s *Server) StaleURL() Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		s.faults.mu.Lock()
		s.faults.stale[r.Header.Get("Authorization")] = true
		s.faults.mu.Unlock()
		ExpiredToken()(w, r, server)
	}
}

// ResetBefore drops the connection before the request is looked at.
func ResetBefore() Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { reset(w) }
}

// ResetAfter does the work, then drops the connection: the answer is lost.
func ResetAfter() Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(httptest.NewRecorder(), r)
		reset(w)
	}
}

// reset drops the connection, with a TCP reset where there is TCP.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Truncate sends the first half of the answer's body under the header of the
// whole, then drops the connection.
func Truncate() Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		answer := record(w, r, server)
		_, _ = w.Write(answer[:len(answer)/2])
		_ = http.NewResponseController(w).Flush()
		reset(w)
	}
}

// Corrupt changes one bit in the middle of the answer's body.
func Corrupt() Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		answer := record(w, r, server)
		if len(answer) > 0 {
			answer[len(answer)/2] ^= 1
		}
		_, _ = w.Write(answer)
	}
}

// Slow waits before the call is served.
func Slow(d time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		select {
		case <-time.After(d):
			server.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Stall sends the first half of the answer's body, then nothing more until the
// client goes away.
func Stall() Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		answer := record(w, r, server)
		_, _ = w.Write(answer[:len(answer)/2])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// Twice does the work of a call two times, as a proxy that repeats requests
// does, and sends the second answer.
func Twice() Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		for _, to := range []http.ResponseWriter{httptest.NewRecorder(), w} {
			again := r.Clone(r.Context())
			again.Body = http.NoBody
			if body.Len() > 0 {
				again.Body = nopCloser{bytes.NewReader(body.Bytes())}
			}
			server.ServeHTTP(to, again)
		}
	}
}

// DuplicateAnswer sends the answer two times on the connection.
func DuplicateAnswer() Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		res := rec.Result()
		res.ContentLength = int64(rec.Body.Len())
		var raw bytes.Buffer
		_ = res.Write(&raw)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer conn.Close()
		_, _ = conn.Write(append(raw.Bytes(), raw.Bytes()...))
	}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

// record serves the call, sends its header and answers its body.
func record(w http.ResponseWriter, r *http.Request, server http.Handler) []byte {
	rec := httptest.NewRecorder()
	server.ServeHTTP(rec, r)
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	return rec.Body.Bytes()
}
