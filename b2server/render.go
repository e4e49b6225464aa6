package b2server

import (
	"strconv"

	"github.com/bowline-sync/bowline/internal/wire"
)

// shape says how a version is answered: it depends on the call's version and
// on what the key may read.
type shape struct {
	account       string
	list          bool // an entry of a listing, not the answer of a call
	v1            bool
	readRetention bool
	readHold      bool
	action        string // in place of the version's own, if set
}

// appendFile renders a version by the API documentation, "Files". Pages have
// thousands of entries, so this is written out and not left to reflection.
func appendFile(b []byte, v *version, s shape) []byte {
	v1List := s.list && s.v1
	b = append(b, '{')
	if !v1List {
		b = append(b, `"accountId":"`...)
		b = append(b, s.account...)
		b = append(b, `",`...)
	}
	b = append(b, `"action":"`...)
	b = append(b, s.actionOf(v)...)
	if !v1List {
		b = append(b, `","bucketId":"`...)
		b = append(b, v.Bucket...)
	}
	b = append(b, `","contentLength":`...)
	b = strconv.AppendInt(b, v.Size, 10)
	b = append(b, `,"contentMd5":`...)
	b = appendNullable(b, v.MD5)
	b = append(b, `,"contentSha1":`...)
	b = appendNullable(b, v.SHA1)
	b = append(b, `,"contentType":`...)
	b = appendNullable(b, v.ContentType)
	b = append(b, `,"fileId":"`...)
	b = appendFileID(b, v.Bucket, v.Large, v.Number, v.Time)
	b = append(b, `","fileInfo":`...)
	b = appendInfo(b, v.Info)
	b = append(b, `,"fileName":`...)
	b = appendString(b, v.Name)
	if v.Action != actionHide {
		b = appendLocks(b, v, s)
		b = append(b, `,"serverSideEncryption":`...)
		b = v.Seal.appendJSON(b)
	}
	if v.Replication != replicationNone {
		b = append(b, `,"replicationStatus":"`...)
		b = append(b, v.Replication.String()...)
		b = append(b, '"')
	}
	if v1List {
		b = append(b, `,"size":`...)
		b = strconv.AppendInt(b, v.Size, 10)
	}
	b = append(b, `,"uploadTimestamp":`...)
	b = strconv.AppendInt(b, v.Time, 10)
	return append(b, '}')
}

func (s shape) actionOf(v *version) string {
	switch {
	case s.action != "":
		return s.action
	case v.Action == actionHide:
		return wire.ActionHide
	case v.Action == actionStart:
		return wire.ActionStart
	}
	return wire.ActionUpload
}

func appendLocks(b []byte, v *version, s shape) []byte {
	const (
		hidden = `{"isClientAuthorizedToRead":false,"value":null}`
		open   = `{"isClientAuthorizedToRead":true,"value":`
	)
	b = append(b, `,"fileRetention":`...)
	if s.readRetention {
		b = append(b, open...)
		b = appendRetention(b, v.Lock)
		b = append(b, '}')
	} else {
		b = append(b, hidden...)
	}
	b = append(b, `,"legalHold":`...)
	if s.readHold {
		b = append(b, open...)
		b = appendNullable(b, v.Lock.Hold.String())
		return append(b, '}')
	}
	return append(b, hidden...)
}

func appendRetention(b []byte, l lock) []byte {
	if l.Mode == lockNone {
		return append(b, `{"mode":null,"retainUntilTimestamp":null}`...)
	}
	b = append(b, `{"mode":"`...)
	b = append(b, l.Mode.String()...)
	b = append(b, `","retainUntilTimestamp":`...)
	b = strconv.AppendInt(b, l.Until, 10)
	return append(b, '}')
}

// appendFolder renders a folder of a listing with a delimiter.
func appendFolder(b []byte, name string, bucket string, s shape) []byte {
	b = append(b, '{')
	if !s.v1 {
		b = append(b, `"accountId":"`...)
		b = append(b, s.account...)
		b = append(b, `","bucketId":"`...)
		b = append(b, bucket...)
		b = append(b, `",`...)
	}
	b = append(b, `"action":"folder","contentLength":0,"contentMd5":null,"contentSha1":null,"contentType":null,"fileId":null,"fileInfo":{},"fileName":`...)
	b = appendString(b, name)
	if s.v1 {
		b = append(b, `,"size":0`...)
	}
	return append(b, `,"uploadTimestamp":0}`...)
}

func appendInfo(b []byte, info []infoPair) []byte {
	b = append(b, '{')
	for i, p := range info {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, p.Name)
		b = append(b, ':')
		b = appendString(b, p.Value)
	}
	return append(b, '}')
}

// appendNullable renders "" as null.
func appendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

// appendString renders s, which is UTF-8, as a JSON string. As the service
// does, it escapes only what must be.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		if c >= ' ' {
			b = append(b, '\\', c)
			continue
		}
		const digits = "0123456789abcdef"
		b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
