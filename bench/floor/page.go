package floor

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// listed is one entry of a page, as far as a comparison needs it.
type listed struct {
	name, id []byte
	size     int64
	modTime  int64 // milliseconds
}

var errPage = errors.New("the page of the listing is not what this program can read")

// nextName reads where the listing goes on from the end of a page.
func nextName(page []byte) (*string, error) {
	const key = `"nextFileName":`
	at := bytes.LastIndex(page, []byte(key))
	if at < 0 {
		return nil, errPage
	}
	var next *string
	err := json.NewDecoder(bytes.NewReader(page[at+len(key):])).Decode(&next)
	return next, err
}

// scanPage calls fn for the entries of a page. Names must stand in it without
// escapes, as those of package corpus do.
func scanPage(page []byte, fn func(*listed)) error {
	c := &cursor{rest: page}
	var f listed
	return c.object(func(key []byte) error {
		if string(key) != "files" {
			return c.skip()
		}
		return c.array(func() error {
			f = listed{}
			if err := c.object(func(key []byte) error { return c.field(key, &f) }); err != nil {
				return err
			}
			fn(&f)
			return nil
		})
	})
}

// field reads one field of an entry.
func (c *cursor) field(key []byte, f *listed) (err error) {
	switch string(key) {
	case "fileName":
		f.name, err = c.string()
	case "fileId":
		f.id, err = c.string()
	case "contentLength":
		f.size, err = c.number()
	case "fileInfo":
		err = c.object(func(key []byte) error {
			value, err := c.string()
			if err == nil && string(key) == "src_last_modified_millis" {
				f.modTime, err = parse(value)
			}
			return err
		})
	default:
		err = c.skip()
	}
	return err
}

func parse(digits []byte) (int64, error) { return strconv.ParseInt(string(digits), 10, 64) }

// cursor moves through JSON that is known to be well formed. Entries come
// without space between tokens; where there is some, it is skipped.
type cursor struct{ rest []byte }

func (c *cursor) peek() byte {
	for len(c.rest) > 0 {
		if b := c.rest[0]; b > ' ' {
			return b
		}
		c.rest = c.rest[1:]
	}
	return 0
}

func (c *cursor) take(b byte) error {
	if c.peek() != b {
		return errPage
	}
	c.rest = c.rest[1:]
	return nil
}

// members reads what stands between open and shut, separated by commas.
func (c *cursor) members(open, shut byte, fn func() error) error {
	if err := c.take(open); err != nil {
		return err
	}
	for c.peek() != shut {
		if err := fn(); err != nil {
			return err
		}
		if c.peek() != ',' {
			break
		}
		c.rest = c.rest[1:]
	}
	return c.take(shut)
}

func (c *cursor) array(fn func() error) error { return c.members('[', ']', fn) }

func (c *cursor) object(fn func(key []byte) error) error {
	return c.members('{', '}', func() error {
		key, err := c.string()
		if err == nil {
			err = c.take(':')
		}
		if err != nil {
			return err
		}
		return fn(key)
	})
}

// string answers what stands between quotes, as it stands there.
func (c *cursor) string() ([]byte, error) {
	if err := c.take('"'); err != nil {
		return nil, err
	}
	for end := 0; ; end++ {
		n := bytes.IndexByte(c.rest[end:], '"')
		if n < 0 {
			return nil, errPage
		}
		if end += n; end == 0 || c.rest[end-1] != '\\' {
			s := c.rest[:end]
			c.rest = c.rest[end+1:]
			return s, nil
		}
	}
}

func (c *cursor) number() (n int64, err error) {
	c.peek()
	end := 0
	for end < len(c.rest) && '0' <= c.rest[end] && c.rest[end] <= '9' {
		end++
	}
	n, err = parse(c.rest[:end])
	c.rest = c.rest[end:]
	return n, err
}

// skip moves past any value.
func (c *cursor) skip() error {
	switch c.peek() {
	case '"':
		_, err := c.string()
		return err
	case '{':
		return c.object(func([]byte) error { return c.skip() })
	case '[':
		return c.array(c.skip)
	}
	end := bytes.IndexAny(c.rest, ",}]")
	if end < 0 {
		return errPage
	}
	c.rest = c.rest[end:]
	return nil
}
