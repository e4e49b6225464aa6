package b2

import "bytes"

// A varying is a field of an entry that differs from one entry to the next.
type varying uint8

const (
	varyingName varying = iota
	varyingID
	varyingSHA1
	varyingMD5
	varyingSize
	varyingUploaded
	varyingInfo
	nothingMore // the end of the entry
)

// varyingOf is the field under a key.
func varyingOf(key []byte) (v varying, ok bool) {
	switch string(key) {
	case "fileName":
		return varyingName, true
	case "fileId":
		return varyingID, true
	case "contentSha1":
		return varyingSHA1, true
	case "contentMd5":
		return varyingMD5, true
	case "contentLength":
		return varyingSize, true
	case "uploadTimestamp":
		return varyingUploaded, true
	case "fileInfo":
		return varyingInfo, true
	}
	return 0, false
}

// vary reads the value of a varying field.
func (s *pageScanner) vary(v varying, c *cursor) error {
	f := &s.file
	switch v {
	case varyingName:
		return s.keep(&f.Name, c)
	case varyingID:
		return s.keep(&f.ID, c)
	case varyingSHA1:
		return s.keepSHA1(f, c)
	case varyingMD5:
		return s.keep(&f.MD5, c)
	case varyingSize:
		return keepNumber(&f.Size, c)
	case varyingUploaded:
		return keepNumber(&f.Uploaded, c)
	case varyingInfo:
		return s.keepInfo(f, c)
	}
	return nil
}

// A pattern is the text of an entry without the values of its varying fields.
// As a service writes all its entries in one way, mostly the next one has the
// same. Then only its varying fields need to be read: between them stands what
// has been read before, from the same state, and it means the same again.
type pattern struct {
	text  []byte
	steps []step // empty: no entry has been read yet
}

// A step is a stretch of a pattern's text, and the field whose value follows.
type step struct {
	end  int // of the stretch; it begins where the one before ends
	next varying
}

func (p *pattern) reset() { p.text, p.steps = p.text[:0], p.steps[:0] }

func (p *pattern) add(text []byte, next varying) {
	p.text = append(p.text, text...)
	p.steps = append(p.steps, step{len(p.text), next})
}

// recur reads an entry that follows the pattern of the one before, of which
// s.file still holds all that does not vary. False means that the entry must
// be read as if it were the first.
func (s *pageScanner) recur(c *cursor) bool {
	from := 0
	for _, step := range s.pattern.steps {
		if !bytes.HasPrefix(c.b[c.p:], s.pattern.text[from:step.end]) {
			return false
		}
		c.p += step.end - from
		from = step.end
		if step.next == nothingMore {
			return true
		}
		if s.vary(step.next, c) != nil {
			return false
		}
	}
	return false
}
