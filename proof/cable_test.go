//go:build unix

package proof

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// A cable lies between clients and a server: it hands on what both say, and
// breaks again and again, as networks do. Each connection lasts for a random
// number of bytes, both ways together, and is then reset.
type cable struct {
	listener net.Listener
	to       string // address of the server
	mean     float64
	breaks   atomic.Int64
	whole    atomic.Bool // it does not break

	mu     sync.Mutex
	random *rand.Rand
	open   map[net.Conn]bool
	ended  sync.WaitGroup
}

// newCable lays a cable to a server. Connections last for mean bytes on average.
func newCable(t testing.TB, to string, random *rand.Rand, mean int) *cable {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: listener, to: to, mean: float64(mean), random: rand.New(rand.NewPCG(random.Uint64(), 3)), open: map[net.Conn]bool{}}
	c.ended.Go(c.serve)
	t.Cleanup(func() {
		listener.Close()
		c.mu.Lock()
		for conn := range c.open {
			conn.Close()
		}
		c.mu.Unlock()
		c.ended.Wait()
	})
	return c
}

// url is where clients find the server.
func (c *cable) url() string { return "http://" + c.listener.Addr().String() }

func (c *cable) serve() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.ended.Go(func() { c.join(near) })
	}
}

// join hands on between a client and the server until one of them ends or the
// cable breaks.
func (c *cable) join(near net.Conn) {
	defer c.drop(near)
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer c.drop(far)
	c.mu.Lock()
	c.open[near], c.open[far] = true, true
	left := new(atomic.Int64)
	left.Store(int64(c.random.ExpFloat64() * c.mean))
	c.mu.Unlock()
	var both sync.WaitGroup
	hand := func(to, from net.Conn) {
		defer near.Close()
		defer far.Close()
		buf := make([]byte, 16<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 && left.Add(-int64(n)) < 0 && !c.whole.Load() {
				c.breaks.Add(1)
				near.(*net.TCPConn).SetLinger(0) // a reset, not an end
				far.(*net.TCPConn).SetLinger(0)
				return
			}
			if _, bad := to.Write(buf[:n]); bad != nil || err != nil {
				return
			}
		}
	}
	both.Go(func() { hand(far, near) })
	both.Go(func() { hand(near, far) })
	both.Wait()
}

func (c *cable) drop(conn net.Conn) {
	conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}
