package ui

import (
	"errors"
	"io"
	"sync"
	"syscall"
	"time"
)

const (
	flushSize  = 32 << 10               // bytes held back at most
	flushAfter = 100 * time.Millisecond // and for how long
)

// stream is a buffered output that writes out what it holds after a moment, so
// that a million lines cost a few hundred writes and nobody waits for one. A
// reader that went away silences it. It is safe for concurrent use.
type stream struct {
	mu    sync.Mutex
	w     io.Writer
	buf   []byte
	timer *time.Timer // runs while buf holds something
	armed bool
	err   error // the first failure to write; nothing is written after it
}

func newStream(w io.Writer) *stream { return &stream{w: w} }

// line lets write append one line, and adds its end.
func (s *stream) line(write func(dst []byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.buf = append(write(s.buf), '\n')
	if len(s.buf) >= flushSize {
		s.writeOut()
	} else if !s.armed {
		s.arm()
	}
}

func (s *stream) arm() {
	s.armed = true
	if s.timer == nil {
		s.timer = time.AfterFunc(flushAfter, s.flush)
	} else {
		s.timer.Reset(flushAfter)
	}
}

// flush writes out what is held.
func (s *stream) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeOut()
}

func (s *stream) writeOut() {
	if s.armed {
		s.timer.Stop()
		s.armed = false
	}
	if len(s.buf) == 0 || s.err != nil {
		return
	}
	_, s.err = s.w.Write(s.buf)
	s.buf = s.buf[:0]
}

// close writes out what is held and says why output was lost; a reader that
// went away is not a failure, it has what it wanted.
func (s *stream) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeOut()
	if errors.Is(s.err, syscall.EPIPE) || errors.Is(s.err, io.ErrClosedPipe) {
		return nil
	}
	return s.err
}
