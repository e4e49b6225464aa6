package b2

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// A fake is a service of which only the calls that a test scripts exist. Its
// answers are written by hand from the API documentation, so that the client
// is held against something other than our own server.
type fake struct {
	t         *testing.T
	cfg       Config
	authorize string // the answer of authorising

	mu     sync.Mutex
	busy   int       // calls that are being answered
	idle   sync.Cond // is told when there are none; a bubble can wait for it
	on     map[string]handler
	calls  map[string]int
	tokens int
}

type handler func(w http.ResponseWriter, r *http.Request)

// newFake serves over pipes in memory, so it works in a synctest bubble.
func newFake(t *testing.T) *fake {
	f := &fake{t: t, on: map[string]handler{}, calls: map[string]int{}}
	f.idle.L = &f.mu
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &http.Server{Handler: f}
	var serving sync.WaitGroup
	serving.Go(func() { srv.Serve(l) })
	tr := NewTransport()
	tr.Proxy = nil
	tr.DialContext = l.dial
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		srv.Close()
		serving.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		for f.busy > 0 {
			f.idle.Wait()
		}
	})
	f.cfg = Config{Endpoint: "http://api.example.test", KeyID: "0001", Key: "K-secret", Transport: tr}
	return f
}

// answering counts the calls that are being answered.
func (f *fake) answering(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy += n; f.busy == 0 {
		f.idle.Broadcast()
	}
}

func (f *fake) client() *Client { return New(f.cfg) }

// when scripts a call.
func (f *fake) when(call string, h handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on[call] = h
}

// count is how often a call was made.
func (f *fake) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[call]
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.answering(1)
	defer f.answering(-1)
	call := ""
	if rest, ok := strings.CutPrefix(r.URL.Path, "/b2api/v4/"); ok {
		call, _, _ = strings.Cut(rest, "/")
	} else if strings.HasPrefix(r.URL.Path, "/file/") {
		call = wire.CallDownloadByName
	}
	f.mu.Lock()
	f.calls[call]++
	h := f.on[call]
	f.mu.Unlock()
	switch {
	case h != nil:
		h(w, r)
	case call == wire.CallAuthorize:
		f.mu.Lock()
		f.tokens++
		token := strings.Repeat("t", f.tokens)
		f.mu.Unlock()
		if f.authorize != "" {
			io.WriteString(w, f.authorize)
			return
		}
		say(w, 200, `{"accountId":"acc","authorizationToken":"`+token+`","applicationKeyExpirationTimestamp":null,
			"apiInfo":{"storageApi":{"allowed":{"buckets":null,"capabilities":["listFiles"],"namePrefix":null},
			"apiUrl":"http://api.example.test","downloadUrl":"http://f.example.test","s3ApiUrl":"http://s3.example.test",
			"absoluteMinimumPartSize":1000,"recommendedPartSize":10000}}}`)
	case call == wire.CallGetUploadURL:
		say(w, 200, `{"bucketId":"b","uploadUrl":"http://pod.example.test/b2api/v4/b2_upload_file/b/1","authorizationToken":"up"}`)
	case call == wire.CallGetUploadPartURL:
		say(w, 200, `{"fileId":"L","uploadUrl":"http://pod.example.test/b2api/v4/b2_upload_part/L/1","authorizationToken":"part"}`)
	default:
		f.t.Errorf("unexpected call of %s %s", r.Method, r.URL)
		refuse(w, 400, "bad_request", "unexpected")
	}
}

// say answers with JSON.
func say(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	io.WriteString(w, body)
}

// refuse answers with an error of the service.
func refuse(w http.ResponseWriter, status int, code, message string) {
	b, _ := json.Marshal(wire.Error{Status: status, Code: code, Message: message})
	say(w, status, string(b))
}

// drop breaks the connection without an answer.
func drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// inTurn scripts one handler for each time; the last one stays.
func inTurn(hs ...handler) handler {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := hs[min(n, len(hs)-1)]
		n++
		mu.Unlock()
		h(w, r)
	}
}

func answers(body string) handler {
	return func(w http.ResponseWriter, r *http.Request) { say(w, 200, body) }
}

func refuses(status int, code, message string) handler {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		refuse(w, status, code, message)
	}
}

// hangs never answers.
func hangs(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func bodyOf[T any](t *testing.T, r *http.Request) (v T) {
	t.Helper()
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Errorf("request body: %v", err)
	}
	return v
}

// pipes is a listener whose connections are net.Pipes.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// took checks how long something lasted on the bubble's clock.
func took(t *testing.T, began time.Time, least, most time.Duration) {
	t.Helper()
	if d := time.Since(began); d < least || d > most {
		t.Errorf("took %v, want %v to %v", d, least, most)
	}
}

func jsonIn(r *http.Request, into any) error { return json.NewDecoder(r.Body).Decode(into) }

func contextWith(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
