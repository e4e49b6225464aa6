package b2server

import (
	"bytes"
	"slices"
)

// sorted is an ordered map of byte strings: a list of chunks, each a sorted
// slice. Inserting moves at most one chunk's entries, finding is two binary
// searches, walking is walking a slice.
type sorted struct {
	chunks [][]pair // none empty
}

type pair struct{ key, value []byte }

// snapshot answers the map as it is now. It shares the chunks with the map,
// which shows by their having no room left: what changes one of them copies it
// first.
func (s *sorted) snapshot() sorted {
	for i, c := range s.chunks {
		s.chunks[i] = slices.Clip(c)
	}
	return sorted{slices.Clone(s.chunks)}
}

// own copies a chunk that may be shared.
func (s *sorted) own(c int) {
	if chunk := s.chunks[c]; len(chunk) == cap(chunk) {
		s.chunks[c] = append(make([]pair, 0, maxChunk), chunk...)
	}
}

// maxChunk bounds the entries that one insertion moves.
const maxChunk = 512

// find answers the place of the first entry at or after key, and whether it is
// key itself. The place may be just past the end of the last chunk.
func (s *sorted) find(key []byte) (chunk, at int, found bool) {
	// The last chunk that begins at or before key, or the first.
	chunk, found = slices.BinarySearchFunc(s.chunks, key, func(c []pair, key []byte) int {
		return bytes.Compare(c[0].key, key)
	})
	if found {
		return chunk, 0, true
	}
	if chunk == 0 {
		return 0, 0, false
	}
	chunk--
	at, found = slices.BinarySearchFunc(s.chunks[chunk], key, func(p pair, key []byte) int {
		return bytes.Compare(p.key, key)
	})
	return chunk, at, found
}

func (s *sorted) get(key []byte) []byte {
	value, _ := s.lookup(key)
	return value
}

func (s *sorted) lookup(key []byte) (value []byte, found bool) {
	c, i, found := s.find(key)
	if !found {
		return nil, false
	}
	return s.chunks[c][i].value, true
}

// put answers what it replaced.
func (s *sorted) put(key, value []byte) (old []byte, had bool) {
	if len(s.chunks) == 0 {
		s.chunks = append(s.chunks, append(make([]pair, 0, maxChunk), pair{key, value}))
		return nil, false
	}
	c, i, found := s.find(key)
	if !found && len(s.chunks[c]) == maxChunk {
		c, i = s.split(c, i)
	}
	s.own(c)
	if found {
		old = s.chunks[c][i].value
		s.chunks[c][i].value = value
		return old, true
	}
	s.chunks[c] = slices.Insert(s.chunks[c], i, pair{key, value})
	return nil, false
}

// split makes room in a full chunk and answers where its place i went. A chunk
// that grows at the end of the map is left full, as keys often come in order.
func (s *sorted) split(c, i int) (int, int) {
	keep := maxChunk / 2
	if c == len(s.chunks)-1 && i == maxChunk {
		s.chunks = append(s.chunks, make([]pair, 0, maxChunk))
		return c + 1, 0
	}
	lower, upper := s.chunks[c][:keep], s.chunks[c][keep:]
	s.chunks[c] = append(make([]pair, 0, maxChunk), lower...)
	s.chunks = slices.Insert(s.chunks, c+1, append(make([]pair, 0, maxChunk), upper...))
	if i > keep {
		return c + 1, i - keep
	}
	return c, i
}

func (s *sorted) delete(key []byte) {
	c, i, found := s.find(key)
	if !found {
		return
	}
	s.own(c)
	s.chunks[c] = slices.Delete(s.chunks[c], i, i+1)
	if len(s.chunks[c]) == 0 {
		s.chunks = slices.Delete(s.chunks, c, c+1)
	}
}

// sortedCursor walks a map that does not change meanwhile.
type sortedCursor struct {
	m     *sorted
	chunk int
	at    int
}

func (c *sortedCursor) Seek(key []byte) (k, v []byte) {
	c.chunk, c.at, _ = c.m.find(key)
	return c.here()
}

func (c *sortedCursor) Next() (k, v []byte) {
	c.at++
	return c.here()
}

func (c *sortedCursor) here() (k, v []byte) {
	if c.chunk >= len(c.m.chunks) {
		return nil, nil
	}
	if c.at >= len(c.m.chunks[c.chunk]) {
		c.chunk, c.at = c.chunk+1, 0
		if c.chunk >= len(c.m.chunks) {
			return nil, nil
		}
	}
	p := c.m.chunks[c.chunk][c.at]
	return p.key, p.value
}
