package main

import (
	"errors"
	"net"
	"testing"
)

func TestConnectionsAreLimited(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limitConnections(tcp, 2)
	defer l.Close()
	for range 4 {
		conn, err := net.Dial("tcp", tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	var held []net.Conn
	for range 2 {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	third := make(chan error)
	go func() {
		_, err := l.Accept()
		third <- err
	}()
	if len(l.room) != cap(l.room) {
		t.Fatal("there is room for a third")
	}
	_ = held[0].Close()
	_ = held[0].Close() // makes room once
	if err := <-third; err != nil {
		t.Errorf("when one has gone: %v", err)
	}
	go func() {
		_, err := l.Accept()
		third <- err
	}()
	_ = l.Close()
	if err := <-third; !errors.Is(err, net.ErrClosed) {
		t.Errorf("at the end: %v", err)
	}
}
