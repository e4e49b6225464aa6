package b2

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bowline-sync/bowline/internal/wire"
)

// errShort says that the bytes at hand end inside a value.
var errShort = errors.New("cut off")

// A cursor reads JSON from bytes at hand, value by value. It is as strict as
// encoding/json, which the tests hold it against. Its methods answer errShort
// when the bytes end too early; the caller may then come again with more.
type cursor struct {
	b []byte
	p int
}

// deepest is how far values may be nested. Answers of the service have 4
// levels.
const deepest = 64

func (c *cursor) bad(what string) error {
	return fmt.Errorf("%w: %s", ErrAnswer, what)
}

// next skips white space and looks at the byte that follows.
func (c *cursor) next() (byte, error) {
	for c.p < len(c.b) {
		switch b := c.b[c.p]; b {
		case ' ', '\t', '\n', '\r':
			c.p++
		default:
			return b, nil
		}
	}
	return 0, errShort
}

// expect consumes one byte of punctuation.
func (c *cursor) expect(want byte) error {
	b, err := c.next()
	if err != nil {
		return err
	}
	if b != want {
		return c.bad("JSON with an unexpected character")
	}
	c.p++
	return nil
}

// more stands after an element of a list or an object and says whether another
// one follows.
func (c *cursor) more(end byte) (bool, error) {
	b, err := c.next()
	if err != nil {
		return false, err
	}
	switch b {
	case ',':
		c.p++
		return true, nil
	case end:
		c.p++
		return false, nil
	}
	return false, c.bad("JSON with an unexpected character")
}

// empty consumes the end of a list or an object that has just begun, if it is
// there.
func (c *cursor) empty(end byte) (bool, error) {
	b, err := c.next()
	if err == nil && b == end {
		c.p++
		return true, nil
	}
	return false, err
}

// null consumes a null if there is one.
func (c *cursor) null() (bool, error) {
	b, err := c.next()
	if err != nil || b != 'n' {
		return false, err
	}
	return true, c.word("null")
}

// truth reads true or false, or null, which says neither.
func (c *cursor) truth(set func(bool)) error {
	b, err := c.next()
	switch {
	case err != nil:
		return err
	case b == 't':
		err = c.word("true")
	case b == 'f':
		err = c.word("false")
	default:
		return c.word("null")
	}
	if err == nil {
		set(b == 't')
	}
	return err
}

func (c *cursor) word(w string) error {
	rest := c.b[c.p:]
	switch {
	case len(rest) >= len(w) && string(rest[:len(w)]) == w:
		c.p += len(w)
		return nil
	case strings.HasPrefix(w, string(rest)):
		return errShort
	}
	return c.bad("JSON with an unknown word")
}

// str reads a string. Its bytes are those of the cursor where the string has no
// escapes, so they must be copied before the cursor's bytes change.
func (c *cursor) str() ([]byte, error) {
	if err := c.expect('"'); err != nil {
		return nil, err
	}
	start := c.p
	end := start + plain(c.b[start:])
	if end == len(c.b) {
		return nil, errShort
	}
	if c.b[end] == '"' {
		c.p = end + 1
		return c.b[start:end], nil
	}
	return c.foreign(start)
}

// plain counts the bytes at the front of s that stand for themselves in a JSON
// string whatever comes after them: ASCII without quotes, backslashes and
// control characters.
func plain(s []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(s); n += 8 {
		w := binary.LittleEndian.Uint64(s[n:])
		quote, slash := w^ones*'"', w^ones*'\\'
		// The lowest high bit that is set belongs to the first such byte; those
		// above it may be wrong.
		seen := (w | (w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash) & high
		if seen != 0 {
			return n + bits.TrailingZeros64(seen)/8
		}
	}
	for n < len(s) && s[n] >= ' ' && s[n] < utf8.RuneSelf && s[n] != '"' && s[n] != '\\' {
		n++
	}
	return n
}

// foreign reads a string that begins at start and is more than plain ASCII.
func (c *cursor) foreign(start int) ([]byte, error) {
	n := bytes.IndexByte(c.b[start:], '"')
	if n < 0 {
		return nil, errShort
	}
	s := c.b[start : start+n]
	for _, b := range s {
		if b < ' ' || b == '\\' {
			return c.unusual(start)
		}
	}
	if !utf8.Valid(s) {
		return c.unusual(start)
	}
	c.p = start + n + 1
	return s, nil
}

// unusual reads a string with escapes or worse, the way encoding/json does.
func (c *cursor) unusual(start int) ([]byte, error) {
	for p := start; p < len(c.b); p++ {
		switch c.b[p] {
		case '\\':
			p++
		case '"':
			var s string
			if json.Unmarshal(c.b[start-1:p+1], &s) != nil {
				return nil, c.bad("JSON with a broken string")
			}
			c.p = p + 1
			return []byte(s), nil
		}
	}
	return nil, errShort
}

// key reads the name of an object's member and the colon behind it.
func (c *cursor) key() ([]byte, error) {
	k, err := c.str()
	if err != nil {
		return nil, err
	}
	return k, c.expect(':')
}

// strOrNull reads a string; null is the empty one.
func (c *cursor) strOrNull() ([]byte, error) {
	if null, err := c.null(); null || err != nil {
		return nil, err
	}
	return c.str()
}

// number reads an integer; null is 0.
func (c *cursor) number() (int64, error) {
	if null, err := c.null(); null || err != nil {
		return 0, err
	}
	text, err := c.numeral()
	if err != nil {
		return 0, err
	}
	if n, ok := digits(text); ok {
		return n, nil
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, c.bad("a number that is not an integer")
	}
	return n, nil
}

// digits reads the common case: 1 to 18 digits and nothing else.
func digits[T string | []byte](text T) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for i := range len(text) {
		b := text[i]
		if b < '0' || b > '9' {
			return 0, false
		}
		n = 10*n + int64(b-'0')
	}
	return n, true
}

// numeral reads the text of a number, by JSON's grammar.
func (c *cursor) numeral() ([]byte, error) {
	start := c.p
	p := start
	for p < len(c.b) && strings.IndexByte("+-.0123456789Ee", c.b[p]) >= 0 {
		p++
	}
	if p == len(c.b) {
		return nil, errShort
	}
	text := c.b[start:p]
	if !numeric(text) {
		return nil, c.bad("JSON with a broken number")
	}
	c.p = p
	return text, nil
}

// numeric says whether s is a JSON number: a sign, digits without a leading
// zero, a fraction, an exponent.
func numeric(s []byte) bool {
	run := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	s = bytes.TrimPrefix(s, []byte("-"))
	if len(s) > 0 && s[0] == '0' {
		s = s[1:]
	} else if !run() {
		return false
	}
	if len(s) > 0 && s[0] == '.' {
		if s = s[1:]; !run() {
			return false
		}
	}
	if len(s) > 0 && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !run() {
			return false
		}
	}
	return len(s) == 0
}

// skip reads over any value.
func (c *cursor) skip(depth int) error {
	if depth > deepest {
		return c.bad("JSON nested too deep")
	}
	b, err := c.next()
	if err != nil {
		return err
	}
	switch b {
	case '"':
		_, err = c.str()
	case '{':
		err = c.object(func([]byte) error { return c.skip(depth + 1) })
	case '[':
		c.p++
		done, err := c.empty(']')
		for more := !done; more && err == nil; {
			if err = c.skip(depth + 1); err == nil {
				more, err = c.more(']')
			}
		}
		return err
	case 't':
		err = c.word("true")
	case 'f':
		err = c.word("false")
	case 'n':
		err = c.word("null")
	default:
		_, err = c.numeral()
	}
	return err
}

// object reads an object; member is called after each key and must consume the
// value. The key's bytes are the cursor's.
func (c *cursor) object(member func(key []byte) error) error {
	if err := c.expect('{'); err != nil {
		return err
	}
	done, err := c.empty('}')
	for more := !done; more && err == nil; {
		var k []byte
		if k, err = c.key(); err != nil {
			return err
		}
		if err = member(k); err != nil {
			return err
		}
		more, err = c.more('}')
	}
	return err
}

// infoValue finds one entry of an info that a listing carried or a map became.
func infoValue(info, name string) (value string, found bool) {
	if info == "" {
		return "", false
	}
	// Without escapes a quote begins or ends a string and nothing else, so text
	// search cannot be led astray.
	if strings.IndexByte(info, '\\') < 0 && strings.IndexByte(name, '"') < 0 {
		switch strings.Count(info, `"`+name+`"`) {
		case 0:
			if utf8.ValidString(info) {
				return "", false
			}
		case 1:
			_, rest, ok := strings.Cut(info, `"`+name+`":"`)
			value, _, _ = strings.Cut(rest, `"`)
			if ok && utf8.ValidString(value) {
				return value, true
			}
		}
	}
	return infoValueSlow(info, name)
}

// infoValueSlow reads the info entry by entry.
func infoValueSlow(info, name string) (value string, found bool) {
	c := cursor{b: []byte(info)}
	c.object(func(key []byte) error { // was checked when it was read
		wanted := string(key) == name
		v, err := c.strOrNull()
		if wanted { // the last of two equal names counts, as in encoding/json
			value, found = string(v), true
		}
		return err
	})
	return value, found
}

// knownAction spares an allocation for each entry.
func knownAction(s []byte) string {
	switch string(s) {
	case wire.ActionUpload:
		return wire.ActionUpload
	case wire.ActionHide:
		return wire.ActionHide
	case wire.ActionStart:
		return wire.ActionStart
	case wire.ActionFolder:
		return wire.ActionFolder
	}
	return string(s)
}
