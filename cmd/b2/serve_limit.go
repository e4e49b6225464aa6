package main

import (
	"net"
	"sync"
)

// maxConnections is how many connections the server has at one time, so that
// its memory and its open files have a bound. More wait to be accepted, for
// those that say nothing are closed after a while.
const maxConnections = 4000

// limitedListener accepts TCP connections while there is room for them.
type limitedListener struct {
	net.Listener
	room   chan struct{} // holds one for each connection
	closed chan struct{}
	close  func() error
}

func limitConnections(l net.Listener, most int) *limitedListener {
	limited := &limitedListener{Listener: l, room: make(chan struct{}, most), closed: make(chan struct{})}
	limited.close = sync.OnceValue(func() error {
		close(limited.closed)
		return l.Close()
	})
	return limited
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &limitedConn{conn.(*net.TCPConn), sync.OnceFunc(func() { <-l.room })}, nil
}

// Close implements net.Listener. Who waits in Accept returns.
func (l *limitedListener) Close() error { return l.close() }

// limitedConn makes room for another when it is closed. It is a TCPConn
// otherwise: net/http closes one side of those first.
type limitedConn struct {
	*net.TCPConn
	free func()
}

func (c *limitedConn) Close() error {
	defer c.free()
	return c.TCPConn.Close()
}
