package localfs

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"
)

// node is a folder that the scan knows of and has not walked yet.
type node struct {
	name   string // with a slash at the end; "" for the root
	bounds bounds // of what is wanted below it
	links  *trail // the links that led here
	linked bool   // the folder itself is reached by a link

	next  *node // the folder that is walked after this one, as far as is known
	state nodeState
	list  *listing // set when read, unless err is
	err   error    // why it could not be read
}

type nodeState uint8

const (
	waiting nodeState = iota
	reading
	read
)

// readAhead reads folders before the walk comes to them. It keeps the folders
// that are still to be walked in the order of the walk; what is found in a
// folder goes in right behind it. Its readers take the first that waits,
// among the first few: the window.
type readAhead struct {
	ctx    context.Context
	scan   *scan
	window int

	mu      sync.Mutex
	work    sync.Cond // a folder may have come into the window, or all is over
	ready   sync.Cond // the first folder may have been read, or all is over
	head    *node
	readers int // that have not given up
	over    bool

	running sync.WaitGroup
	cancel  context.CancelFunc
	unwatch func() bool
}

func startReading(ctx context.Context, s *scan) *readAhead {
	r := &readAhead{scan: s, window: s.opts.Readers}
	r.ctx, r.cancel = context.WithCancel(ctx)
	if r.window <= 0 {
		r.window = defaultReaders
	}
	r.work.L, r.ready.L = &r.mu, &r.mu
	r.head = &node{bounds: bounds{s.opts.Lo, s.opts.Hi}, links: s.rootLink, linked: true}
	r.unwatch = context.AfterFunc(r.ctx, r.end)
	r.readers = r.window
	for range r.window {
		r.running.Go(r.read)
	}
	return r
}

// stop ends the readers and waits for them.
func (r *readAhead) stop() {
	r.unwatch()
	r.cancel()
	r.end()
	r.running.Wait()
}

func (r *readAhead) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.work.Broadcast()
	r.ready.Broadcast()
}

// next is the next folder of the walk, read. The error is the context's.
func (r *readAhead) next() (*node, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.head.state != read && r.ctx.Err() == nil {
		r.ready.Wait()
	}
	if r.ctx.Err() != nil {
		return nil, context.Cause(r.ctx)
	}
	first := r.head
	r.head, first.next = first.next, nil
	r.work.Signal() // the window moves on by one
	return first, nil
}

// read is one reader.
func (r *readAhead) read() {
	l := &lister{ctx: r.ctx, scan: r.scan}
	for n := r.take(); n != nil; n = r.take() {
		l.read(n)
		if outOfFiles(n.err) {
			if r.giveUp(n) {
				return
			}
			r.insist(l, n)
		}
		r.put(n)
	}
}

// take waits for a folder to read; nil when all is over.
func (r *readAhead) take() *node {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.over {
		n := r.head
		for range r.window {
			if n == nil {
				break
			}
			if n.state == waiting {
				n.state = reading
				return n
			}
			n = n.next
		}
		r.work.Wait()
	}
	return nil
}

// put says that a folder was read, and queues the folders found in it.
func (r *readAhead) put(n *node) {
	var first, last *node
	count := 0
	if n.list != nil {
		first, last, count = n.list.folders(n)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if count > 0 {
		last.next, n.next = n.next, first
	}
	n.state = read
	if n == r.head {
		r.ready.Signal()
	}
	if count > 1 {
		r.work.Broadcast()
	}
}

// outOfFiles says that the process or the system has no file descriptors left,
// which says nothing about the folder.
func outOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// giveUp leaves a folder to the other readers, so that they are fewer. The
// last one stays.
func (r *readAhead) giveUp(n *node) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.readers == 1 {
		return false
	}
	r.readers--
	n.state, n.err = waiting, nil
	r.work.Signal()
	return true
}

// insist tries again until a descriptor is free. It ends after a while, for
// nobody may ever close one.
func (r *readAhead) insist(l *lister, n *node) {
	const patience, pause = time.Minute, 10 * time.Millisecond
	for start := time.Now(); outOfFiles(n.err) && time.Since(start) < patience; {
		select {
		case <-r.ctx.Done():
			return
		case <-time.After(pause):
		}
		l.read(n)
	}
}
