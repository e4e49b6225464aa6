package b2sync

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"

	"github.com/bowline-sync/bowline/b2"
)

// spool holds removals on disk until the gate lets them through, so that
// memory does not grow with their number. Its file has no name for longer than
// it takes to open it, where the system allows that.
type spool struct {
	dir string

	mu   sync.Mutex
	file *os.File
	buf  *bufio.Writer
	n    int64
}

// A removal is a job as it lies in the spool.
type removal struct {
	Name     string
	Prune    bool      `json:",omitempty"` // only older versions go
	Hide     bool      `json:",omitempty"`
	Current  string    `json:",omitempty"`
	Size     int64     `json:",omitempty"`
	Versions []version `json:",omitempty"` // oldest first
}

// A version is what is needed to delete one.
type version struct {
	Name, ID, Action string
	Size             int64
}

// add appends a removal.
func (s *spool) add(j *job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	rec := removal{Name: j.name, Prune: j.verdict != remove, Hide: j.hide, Current: j.current, Size: j.size}
	for _, f := range j.decision.prune {
		rec.Versions = append(rec.Versions, version{f.Name, f.ID, f.Action, f.Size})
	}
	s.n++
	if err := json.NewEncoder(s.buf).Encode(rec); err != nil {
		return fmt.Errorf("keeping removals for the end of the run: %w", err)
	}
	return nil
}

func (s *spool) open() error {
	f, err := os.CreateTemp(s.dir, "b2sync-removals-*")
	if err != nil {
		return fmt.Errorf("keeping removals for the end of the run: %w", err)
	}
	os.Remove(f.Name()) // where it cannot go yet, close removes it
	s.file, s.buf = f, bufio.NewWriterSize(f, 64<<10)
	return nil
}

// jobs reads the removals back, in the order in which they came. It may be
// ranged over once, when nothing is added any more.
func (s *spool) jobs() iter.Seq2[*job, error] {
	return func(yield func(*job, error) bool) {
		if s.file == nil {
			return
		}
		err := s.buf.Flush()
		if err == nil {
			_, err = s.file.Seek(0, io.SeekStart)
		}
		dec := json.NewDecoder(bufio.NewReaderSize(s.file, 64<<10))
		for err == nil {
			var rec removal
			if err = dec.Decode(&rec); err == nil && !yield(rec.job(), nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(nil, fmt.Errorf("reading back the removals of the run: %w", err))
		}
	}
}

func (rec *removal) job() *job {
	j := &job{name: rec.Name, current: rec.Current, size: rec.Size,
		decision: decision{verdict: remove, hide: rec.Hide}}
	if rec.Prune {
		j.verdict = leave
	}
	for _, v := range rec.Versions {
		j.decision.prune = append(j.decision.prune, b2.File{Name: v.Name, ID: v.ID, Action: v.Action, Size: v.Size})
	}
	return j
}

// drop forgets all removals.
func (s *spool) drop() {
	s.close()
	s.file, s.n = nil, 0
}

// close removes the spool.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}
