package main

import (
	"context"
	"io"
	"net/http"

	"golang.org/x/time/rate"
)

// limited is a transport that moves bodies no faster than a rate, over all
// requests together.
type limited struct {
	http.RoundTripper
	up, down *rate.Limiter // nil for no limit
}

// limitBandwidth bounds the bytes a second of bodies sent and received; 0 is no
// bound.
func limitBandwidth(t http.RoundTripper, up, down int64) http.RoundTripper {
	return &limited{t, newLimiter(up), newLimiter(down)}
}

// burst is how many bytes may pass at once: little enough for an even flow,
// enough not to wake up all the time.
const burst = 64 << 10

func newLimiter(bytesPerSecond int64) *rate.Limiter {
	if bytesPerSecond == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(bytesPerSecond), burst)
}

// RoundTrip implements http.RoundTripper.
func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if l.up != nil && req.Body != nil && req.Body != http.NoBody {
		slowed := *req
		slowed.Body = &slowBody{ctx, req.Body, l.up}
		req = &slowed
	}
	resp, err := l.RoundTripper.RoundTrip(req)
	if err == nil && l.down != nil {
		resp.Body = &slowBody{ctx, resp.Body, l.down}
	}
	return resp, err
}

// slowBody is a body that waits for its share of the rate.
type slowBody struct {
	ctx context.Context
	io.ReadCloser
	limit *rate.Limiter
}

func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), burst)])
	if n > 0 {
		if wait := b.limit.WaitN(b.ctx, n); wait != nil && err == nil {
			err = wait
		}
	}
	return n, err
}
