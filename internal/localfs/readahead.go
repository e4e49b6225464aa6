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

// How far folders are read before the walk comes to them. It bounds memory,
// and lets the scan go on while the walk waits for the other side's next page.
const (
	foldersAhead = 32
	namesAhead   = 2048 // in folders that were read; the last may have more
)

// readAhead reads folders before the walk comes to them. It keeps the folders
// that are still to be walked in the order of the walk; what is found in a
// folder goes in right behind it. Its readers take the first that waits, if it
// is not too far ahead.
type readAhead struct {
	ctx  context.Context
	scan *scan

	mu      sync.Mutex
	work    sync.Cond // a folder may have come near enough to be read, or all is over
	ready   sync.Cond // the first folder may have been read, or all is over
	head    *node
	readers int // that have not given up
	over    bool

	running sync.WaitGroup
	cancel  context.CancelFunc
	unwatch func() bool
}

func startReading(ctx context.Context, s *scan) *readAhead {
	r := &readAhead{scan: s, readers: s.opts.Readers}
	r.ctx, r.cancel = context.WithCancel(ctx)
	if r.readers <= 0 {
		r.readers = defaultReaders
	}
	r.work.L, r.ready.L = &r.mu, &r.mu
	r.head = &node{bounds: bounds{s.opts.Lo, s.opts.Hi}, links: s.rootLink, linked: true}
	r.unwatch = context.AfterFunc(r.ctx, r.end)
	for range r.readers {
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
	r.work.Signal() // another one has come near enough
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
		if n := r.firstWaiting(); n != nil {
			n.state = reading
			return n
		}
		r.work.Wait()
	}
	return nil
}

// firstWaiting is the first folder that is to be read now, if there is one.
func (r *readAhead) firstWaiting() *node {
	folders, names := 0, 0
	for n := r.head; n != nil && folders < foldersAhead && names < namesAhead; n = n.next {
		switch {
		case n.state == waiting:
			return n
		case n.state == read && n.list != nil:
			names += len(n.list.entries)
		}
		folders++
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
