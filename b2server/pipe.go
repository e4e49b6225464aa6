package b2server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
)

// Pipe joins a real [http.Transport] to a real [http.Server] in memory, without
// a port. URLs may use any host, with http or https. The server sees http.
//
// close stops the server, ends all connections and waits for the goroutines of
// the pipe, so that it can be used inside a testing/synctest bubble.
func Pipe(h http.Handler) (transport http.RoundTripper, close func()) {
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := NewHTTPServer(h)
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) })
	tr := &http.Transport{
		DialContext:         l.dial,
		DialTLSContext:      l.dial,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 512,
	}
	return tr, sync.OnceFunc(func() {
		tr.CloseIdleConnections()
		_ = srv.Close()
		wg.Wait()
	})
}

// pipeListener hands one end of each dialled pipe to the server.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

var errPipeClosed = errors.New("b2server: the pipe is closed")

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, errPipeClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
