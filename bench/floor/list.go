package floor

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/bowline-sync/bowline/internal/wire"
)

// list reads a bucket in pages of 10,000, each asked for while the one before
// is decoded.
func list(o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	files, newest := 0, int64(0)
	err = s.eachFile(o.prefix, func(f *listed) {
		files++
		newest = max(newest, f.modTime)
	})
	if err == nil {
		fmt.Println(files, "files, the newest of", newest)
	}
	return err
}

// pageSize is the largest that the service answers.
const pageSize = wire.MaxListFiles

type body struct {
	bytes []byte
	err   error
}

// eachFile calls fn for every name with the prefix. What fn is given is
// overwritten afterwards.
func (s *session) eachFile(prefix string, fn func(*listed)) error {
	bodies, free := make(chan body), make(chan []byte, 2)
	free <- nil
	free <- nil
	go s.fetch(prefix, bodies, free)
	for b := range bodies {
		if b.err == nil {
			b.err = scanPage(b.bytes, fn)
		}
		if b.err != nil {
			return b.err
		}
		free <- b.bytes
	}
	return nil
}

// fetch reads one page after another, into two buffers by turns.
func (s *session) fetch(prefix string, bodies chan<- body, free <-chan []byte) {
	defer close(bodies)
	size := pageSize
	ask := wire.ListFileNamesRequest{BucketID: s.bucketID, Prefix: &prefix, MaxFileCount: &size}
	for {
		page, err := s.page(&ask, <-free)
		var next *string
		if err == nil {
			next, err = nextName(page)
		}
		bodies <- body{page, err}
		if next == nil || err != nil {
			return
		}
		ask.StartFileName = next
	}
}

func (s *session) page(ask *wire.ListFileNamesRequest, buf []byte) ([]byte, error) {
	question, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	req, err := s.request(wire.CallListNames, question)
	if err != nil {
		return nil, err
	}
	res, err := s.send(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.ContentLength < 0 {
		return io.ReadAll(res.Body)
	}
	buf = slices.Grow(buf[:0], int(res.ContentLength))[:res.ContentLength]
	_, err = io.ReadFull(res.Body, buf)
	return buf, err
}
