package b2

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// NewTransport makes the transport that a client uses when it is given none.
// It keeps a connection for every request in flight, speaks HTTP/1.1 only
// (over HTTP/2 all requests would share one connection's flow), and hands
// bodies over as they are stored: transparent decompression would break the
// hashes of files with a content encoding.
func NewTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    30 * time.Second,
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true,
		Protocols:              &protocols,
	}
}

// How long a request may take without anything happening.
const (
	stallTime      = 30 * time.Second  // no byte moves while a body is sent or read
	answerTime     = 128 * time.Second // from the end of the request to the answer
	slowAnswerTime = 20 * time.Minute  // the same for calls that move content on the server
)

// A watchdog cuts a request that does not move, by cancelling its context. It
// watches only while it is armed: when somebody waits for the network. Time
// that a reader or a disk of ours takes does not count.
type watchdog struct {
	timer *time.Timer
	limit atomic.Int64
}

// watch gives a context that the watchdog cancels. It is armed for the answer,
// and must be stopped.
func watch(ctx context.Context, d time.Duration) (context.Context, *watchdog, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := new(watchdog)
	w.limit.Store(int64(d))
	w.timer = time.AfterFunc(d, func() {
		cancel(fmt.Errorf("%w: nothing for %v", ErrStalled, time.Duration(w.limit.Load())))
	})
	return ctx, w, cancel
}

func (w *watchdog) arm(d time.Duration) {
	w.limit.Store(int64(d))
	w.timer.Reset(d)
}

func (w *watchdog) disarm() { w.timer.Stop() }
