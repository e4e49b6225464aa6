package b2

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Bounds of a page of a listing, in bytes.
const (
	windowSize = 128 << 10 // what is held of the body; an entry must fit into it
	mostPage   = 512 << 20 // of the body; 10,000 entries with all that they may have are a fifth
	blockSize  = 64 << 10  // strings of entries are cut from blocks of this size
)

// A pageScanner reads one page of list_file_names or list_file_versions as it
// arrives, through a window of bounded size, and builds of each entry only
// what a File has: without an allocation for most entries.
type pageScanner struct {
	body    io.Reader
	emit    func(*File) error // given each entry in turn; the File is reused
	most    int               // entries that were asked for
	cursor  cursor            // its bytes are those of the window not yet consumed
	window  []byte
	end     int // of what the window holds
	total   int64
	eof     bool
	entries int
	file    File
	pattern pattern // of the last entry
	text    block

	// The place that the next page begins at; nextName nil is the end.
	nextName, nextID *string
}

var windows = sync.Pool{New: func() any { return new([windowSize]byte) }}

// scan reads the page to its end.
func (s *pageScanner) scan() error {
	window := windows.Get().(*[windowSize]byte)
	defer windows.Put(window)
	s.window, s.end, s.cursor = window[:], 0, cursor{b: window[:0]}

	var seenFiles, seenNext bool
	if err := s.step(func(c *cursor) error { return c.expect('{') }); err != nil {
		return err
	}
	var key string
	var more bool
	member := func(c *cursor) error {
		k, err := c.key()
		key = string(k)
		return err
	}
	for first := true; first || more; first = false {
		if err := s.step(member); err != nil {
			return err
		}
		var err error
		switch key {
		case "files":
			if seenFiles {
				return fmt.Errorf("%w: two lists of files in one page", ErrAnswer)
			}
			seenFiles = true
			err = s.files()
		case "nextFileName":
			seenNext = true
			err = s.step(func(c *cursor) (err error) { s.nextName, err = nullable(c); return err })
		case "nextFileId":
			err = s.step(func(c *cursor) (err error) { s.nextID, err = nullable(c); return err })
		default:
			err = s.step(func(c *cursor) error { return c.skip(0) })
		}
		if err != nil {
			return err
		}
		if err := s.step(func(c *cursor) (err error) { more, err = c.more('}'); return err }); err != nil {
			return err
		}
	}
	if !seenFiles || !seenNext {
		return fmt.Errorf("%w: a page without files or nextFileName", ErrAnswer)
	}
	return s.trailer()
}

// nullable reads a string or null.
func nullable(c *cursor) (*string, error) {
	if null, err := c.null(); null || err != nil {
		return nil, err
	}
	b, err := c.str()
	if err != nil {
		return nil, err
	}
	return new(string(b)), nil
}

// files reads the list of entries.
func (s *pageScanner) files() error {
	var done, more bool
	err := s.step(func(c *cursor) (err error) {
		if err := c.expect('['); err != nil {
			return err
		}
		done, err = c.empty(']')
		return err
	})
	entry := func(c *cursor) (err error) {
		if err = s.entry(c); err == nil {
			more, err = c.more(']')
		}
		return err
	}
	for more = !done; more && err == nil; {
		if err = s.step(entry); err != nil {
			break
		}
		if s.entries++; s.entries > s.most {
			return fmt.Errorf("%w: a page of more than the %d entries asked for", ErrAnswer, s.most)
		}
		err = s.emit(&s.file)
	}
	return err
}

// step lets read consume a value at the front of the window. When the bytes
// end too early, it is called again from the same place with more of them.
func (s *pageScanner) step(read func(*cursor) error) error {
	for {
		start := s.cursor.p
		err := read(&s.cursor)
		if err != errShort {
			return err
		}
		s.cursor.p = start
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// fill moves what is not consumed to the front of the window and reads on. It
// reads at least as much again as there is, so that a body that trickles does
// not make us read its values over and over.
func (s *pageScanner) fill() error {
	kept := copy(s.window, s.window[s.cursor.p:s.end])
	s.cursor.p, s.end = 0, kept
	switch {
	case s.eof:
		return io.ErrUnexpectedEOF
	case kept == len(s.window):
		return fmt.Errorf("%w: one value is longer than %d bytes", ErrAnswer, len(s.window))
	}
	room := s.window[kept:]
	n, err := io.ReadAtLeast(s.body, room, min(max(kept, 1), len(room)))
	s.end += n
	s.cursor.b = s.window[:s.end]
	if s.total += int64(n); s.total > mostPage {
		return fmt.Errorf("%w: a page of more than %d bytes", ErrAnswer, int64(mostPage))
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		s.eof = true
		err = nil
	}
	return err
}

// trailer reads what follows the page: nothing but white space.
func (s *pageScanner) trailer() error {
	for {
		if _, err := s.cursor.next(); err != errShort {
			return fmt.Errorf("%w: something follows the page", ErrAnswer)
		}
		if s.eof {
			return nil
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// entry reads one file version into s.file.
func (s *pageScanner) entry(c *cursor) error {
	start := c.p
	if !s.recur(c) {
		c.p = start
		if err := s.strange(c); err != nil {
			return err
		}
	}
	switch f := &s.file; {
	case f.Name == "" || f.ID == "" && f.Action == ActionUpload:
		return c.bad("an entry without a name or an id")
	case f.Size < 0 || f.Size > wire.MaxFileSize:
		return c.bad("an entry of a length that no file has")
	}
	return nil
}

// strange reads an entry that is not like the one before, and learns its
// pattern.
func (s *pageScanner) strange(c *cursor) error {
	f := &s.file
	last := *f
	*f = File{}
	s.pattern.reset()
	learnt := c.p
	err := c.object(func(key []byte) error {
		if v, ok := varyingOf(key); ok {
			s.pattern.add(c.b[learnt:c.p], v)
			err := s.vary(v, c)
			learnt = c.p
			return err
		}
		return s.steady(string(key), &last, c)
	})
	if err != nil {
		s.pattern.reset()
		*f = last // it may be read again, with the same neighbour before it
		return err
	}
	s.pattern.add(c.b[learnt:c.p], nothingMore)
	return nil
}

// steady reads the value of a field that is mostly the one of the entry before,
// or of no interest.
func (s *pageScanner) steady(key string, last *File, c *cursor) error {
	f := &s.file
	switch key {
	case "action":
		b, err := c.strOrNull()
		f.Action = knownAction(b)
		return err
	case "contentType":
		return keepRepeated(&f.ContentType, last.ContentType, c)
	case "bucketId":
		return keepRepeated(&f.BucketID, last.BucketID, c)
	case "serverSideEncryption":
		f.SSEMode = ""
		return optional(c, func(key []byte) error {
			if string(key) != "mode" {
				return c.skip(2)
			}
			return keepRepeated(&f.SSEMode, last.SSEMode, c)
		})
	case "fileRetention":
		f.RetentionMode, f.RetainUntil = "", 0
		return wrapped(c, &f.RetentionUnseen, func() error { return retention(f, last.RetentionMode, c) })
	case "legalHold":
		f.LegalHold, f.HoldLifted = false, false
		return wrapped(c, &f.HoldUnseen, func() error {
			b, err := c.strOrNull()
			f.LegalHold, f.HoldLifted = string(b) == "on", string(b) == "off"
			return err
		})
	case "replicationStatus":
		return keepRepeated(&f.Replication, last.Replication, c)
	}
	return c.skip(1)
}

// fileScanners read answers one by one; each has learnt from those before.
var fileScanners = sync.Pool{New: func() any { return new(pageScanner) }}

// scanFile reads the answer of a call that has stored one version. It keeps
// nothing of the answer; what strings the file does not share with others are
// in one allocation.
func scanFile(answer []byte) (*File, error) {
	s := fileScanners.Get().(*pageScanner)
	defer fileScanners.Put(s)
	s.cursor, s.text = cursor{b: answer}, block{}
	s.text.Grow(len(answer))
	switch err := s.entry(&s.cursor); {
	case err == errShort:
		return nil, fmt.Errorf("%w: %v", ErrAnswer, err)
	case err != nil:
		return nil, err
	}
	if _, err := s.cursor.next(); err != errShort {
		return nil, fmt.Errorf("%w: something follows the file", ErrAnswer)
	}
	return new(s.file), nil
}

// optional reads an object or null.
func optional(c *cursor, member func(key []byte) error) error {
	if null, err := c.null(); null || err != nil {
		return err
	}
	return c.object(member)
}

// wrapped reads {isClientAuthorizedToRead, value}, the form of what the key may
// not be allowed to see.
func wrapped(c *cursor, unseen *bool, value func() error) error {
	*unseen = false
	if null, err := c.null(); null || err != nil {
		return err
	}
	*unseen = true
	return c.object(func(key []byte) error {
		switch string(key) {
		case "isClientAuthorizedToRead":
			return c.truth(func(allowed bool) { *unseen = !allowed })
		case "value":
			return value()
		}
		return c.skip(2)
	})
}

// retention reads an Object Lock retention.
func retention(f *File, last string, c *cursor) error {
	f.RetentionMode, f.RetainUntil = "", 0
	return optional(c, func(key []byte) error {
		switch string(key) {
		case "mode":
			return keepRepeated(&f.RetentionMode, last, c)
		case "retainUntilTimestamp":
			return keepNumber(&f.RetainUntil, c)
		}
		return c.skip(3)
	})
}

// keep copies a string, or nothing for null.
func (s *pageScanner) keep(to *string, c *cursor) error {
	b, err := c.strOrNull()
	*to = s.text.add(b)
	return err
}

// keepRepeated is keep for a value that is mostly the one of the entry before.
func keepRepeated(to *string, last string, c *cursor) error {
	b, err := c.strOrNull()
	if string(b) == last {
		*to = last
	} else {
		*to = string(b)
	}
	return err
}

func keepNumber(to *int64, c *cursor) (err error) {
	*to, err = c.number()
	return err
}

// keepSHA1 copies a hash without its mark.
func (s *pageScanner) keepSHA1(f *File, c *cursor) error {
	b, err := c.strOrNull()
	if string(b) == "none" {
		b = nil
	}
	f.SHA1, f.Unverified = parseSHA1(s.text.add(b))
	return err
}

// keepInfo copies the info as it came, after checking that all its values are
// strings.
func (s *pageScanner) keepInfo(f *File, c *cursor) error {
	f.info = ""
	if null, err := c.null(); null || err != nil {
		return err
	}
	start, n := c.p, 0
	err := c.object(func([]byte) error {
		n++
		_, err := c.strOrNull()
		return err
	})
	if err == nil && n > 0 {
		f.info = s.text.add(c.b[start:c.p])
	}
	return err
}

// A block collects the strings of many entries in one allocation. It never
// moves what it holds: when it is full, another one takes its place, and this
// one lives as long as one of its strings.
type block struct{ strings.Builder }

func (t *block) add(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if t.Cap()-t.Len() < len(b) {
		t.Builder = strings.Builder{}
		t.Grow(max(blockSize, len(b)))
	}
	start := t.Len()
	t.Write(b)
	return t.String()[start:]
}
