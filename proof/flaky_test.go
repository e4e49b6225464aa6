//go:build unix

package proof

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// A flaky transport breaks requests at random: before they are sent, after
// they were carried out, or in the middle of the answer; the service is busy or
// has forgotten the token; content is not what was sent.
type flaky struct {
	http.RoundTripper
	share  float64
	faults atomic.Int64

	mu     sync.Mutex
	random *rand.Rand
}

var errFlaky = errors.New("the connection broke, as scripted")

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	strike, kind := f.random.Float64() < f.share, f.random.IntN(6)
	f.mu.Unlock()
	if !strike {
		return f.RoundTripper.RoundTrip(r)
	}
	f.faults.Add(1)
	switch kind {
	case 0:
		closeBody(r)
		return nil, errFlaky
	case 1:
		return refusal(r, http.StatusServiceUnavailable, "service_unavailable"), nil
	case 2:
		if !strings.HasSuffix(r.URL.Path, "b2_authorize_account") {
			return refusal(r, http.StatusUnauthorized, "expired_auth_token"), nil
		}
	}
	resp, err := f.RoundTripper.RoundTrip(r)
	switch {
	case err != nil:
	case kind == 3:
		resp.Body.Close()
		return nil, errFlaky
	case kind == 4:
		resp.Body = &broken{resp.Body, resp.ContentLength / 2}
	case kind == 5 && strings.HasSuffix(r.URL.Path, "b2_download_file_by_id"):
		resp.Body = &corrupted{ReadCloser: resp.Body}
	}
	return resp, err
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

// refusal is an answer that the server knows nothing of.
func refusal(r *http.Request, status int, code string) *http.Response {
	closeBody(r)
	body := fmt.Sprintf(`{"status":%d,"code":%q,"message":"as scripted"}`, status, code)
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}

// broken is a body that ends in an error half way.
type broken struct {
	io.ReadCloser
	left int64
}

func (b *broken) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errFlaky
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// corrupted is a body whose first byte is another.
type corrupted struct {
	io.ReadCloser
	done bool
}

func (c *corrupted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if n > 0 && !c.done {
		p[0]++
		c.done = true
	}
	return n, err
}
