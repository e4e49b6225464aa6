package b2server

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// version is one version of a name: content, a hide marker or a large file
// that is not finished. In the index its key holds bucket, name and time, its
// value the rest.
type version struct {
	Bucket string // 24 hex digits
	Name   string
	Time   int64 // ms; strictly decreasing down the versions of a name

	Number      uint64 // unique in the store, rising
	Action      action
	Large       bool // content is in parts
	Size        int64
	SHA1        string // as answered; "" is null
	MD5         string // hex; "" is null
	ContentType string
	Info        []infoPair // ascending by name
	Seal        seal
	Lock        lock
	Replication replicationStatus
}

type action byte

const (
	actionUpload action = 'u'
	actionHide   action = 'h'
	actionStart  action = 's'
)

type infoPair struct{ Name, Value string }

// lock is the Object Lock state of a version.
type lock struct {
	Mode  lockMode
	Until int64 // ms; 0 without a mode
	Hold  hold
}

type lockMode byte

const (
	lockNone       lockMode = 0
	lockGovernance lockMode = 'g'
	lockCompliance lockMode = 'c'
)

type hold byte

const (
	holdUnset hold = 0
	holdOn    hold = 1
	holdOff   hold = 2
)

func (v *version) id() string {
	return string(appendFileID(make([]byte, 0, idLength), v.Bucket, v.Large, v.Number, v.Time))
}

// Version keys are the bucket's 12 bytes, the name, a zero byte, and the time
// counted downwards. No name contains a zero byte, so names sort by their
// bytes and the versions of one name newest first.

func appendNameKey(b, bucket []byte, name string) []byte {
	b = append(b, bucket...)
	b = append(b, name...)
	return append(b, 0)
}

func versionKey(bucket []byte, name string, ms int64) []byte {
	b := appendNameKey(make([]byte, 0, len(bucket)+len(name)+9), bucket, name)
	return binary.BigEndian.AppendUint64(b, ^uint64(ms))
}

func (v *version) key() []byte {
	raw, _ := rawBucket(v.Bucket)
	return versionKey(raw, v.Name, v.Time)
}

// keyBucket is the bucket in a version key.
func keyBucket(key []byte) []byte { return key[:12] }

// keyName is what all version keys of a name begin with, and no other: bucket,
// name and zero byte.
func keyName(key []byte) []byte { return key[:len(key)-8] }

// splitVersionKey answers the name, as bytes of the key, and the time.
func splitVersionKey(key []byte) (name []byte, ms int64) {
	n := len(key) - 8
	return key[12 : n-1], int64(^binary.BigEndian.Uint64(key[n:]))
}

func numberKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func unfinishedKey(bucket []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 20), bucket...), n)
}

func partKey(file uint64, number uint32) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 12), file)
	return binary.BigEndian.AppendUint32(b, number)
}

// recordFormat begins each value, so that a later server can tell.
const recordFormat = 1

func (v *version) encode() []byte {
	n := 128 + len(v.ContentType) + len(v.Seal.Wrapped)
	for _, p := range v.Info {
		n += len(p.Name) + len(p.Value) + 4
	}
	b := append(make([]byte, 0, n), recordFormat, byte(v.Action), flag(v.Large))
	b = binary.BigEndian.AppendUint64(b, v.Number)
	b = binary.AppendUvarint(b, uint64(v.Size))
	b = appendBytes(b, v.SHA1)
	b = appendBytes(b, v.MD5)
	b = appendBytes(b, v.ContentType)
	b = v.Seal.append(b)
	b = append(b, byte(v.Lock.Mode), byte(v.Lock.Hold))
	b = binary.AppendUvarint(b, uint64(v.Lock.Until))
	b = binary.AppendUvarint(b, uint64(len(v.Info)))
	for _, p := range v.Info {
		b = appendBytes(b, p.Name)
		b = appendBytes(b, p.Value)
	}
	if v.Replication != replicationNone { // few have one, and older records cannot
		b = append(b, byte(v.Replication))
	}
	return b
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

func appendBytes[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errBadRecord = errors.New("a record of the index cannot be read")

// decode reads the version at key into v, whose Info slice it reuses. Nothing
// in v points into key or value.
func (v *version) decode(key, value []byte) error {
	if len(key) < 12+9 {
		return errBadRecord
	}
	name, ms := splitVersionKey(key)
	return v.read(hex.EncodeToString(keyBucket(key)), string(name), ms, string(value))
}

// read is decode without copying: v points into name and record.
func (v *version) read(bucket, name string, ms int64, record string) error {
	info := v.Info[:0]
	*v = version{Bucket: bucket, Name: name, Time: ms}
	r := reader{s: record}
	if r.byte() != recordFormat {
		return errBadRecord
	}
	v.Action, v.Large, v.Number = action(r.byte()), r.byte() == 1, r.uint64()
	v.Size, v.SHA1, v.MD5, v.ContentType = r.int(), r.string(), r.string(), r.string()
	v.Seal.read(&r)
	v.Lock.Mode, v.Lock.Hold, v.Lock.Until = lockMode(r.byte()), hold(r.byte()), r.int()
	for range r.int() {
		if r.bad {
			break
		}
		info = append(info, infoPair{r.string(), r.string()})
	}
	v.Info = info
	if r.s != "" {
		v.Replication = replicationStatus(r.byte())
	}
	if r.bad {
		return errBadRecord
	}
	return nil
}

// part is one part of a large file.
type part struct {
	Number uint32
	Try    uint64 // names the blob together with file and number
	Size   int64
	SHA1   string // as answered
	Time   int64  // ms
	Seal   seal
}

func (p *part) encode() []byte {
	b := append(make([]byte, 0, 80), recordFormat)
	b = binary.BigEndian.AppendUint64(b, p.Try)
	b = binary.AppendUvarint(b, uint64(p.Size))
	b = appendBytes(b, p.SHA1)
	b = binary.AppendUvarint(b, uint64(p.Time))
	return p.Seal.append(b)
}

func decodePart(key, value []byte) (part, error) {
	if len(key) != 12 {
		return part{}, errBadRecord
	}
	p := part{Number: binary.BigEndian.Uint32(key[8:])}
	r := reader{s: string(value)}
	if r.byte() != recordFormat {
		return p, errBadRecord
	}
	p.Try, p.Size, p.SHA1, p.Time = r.uint64(), r.int(), r.string(), r.int()
	p.Seal.read(&r)
	if r.bad {
		return p, errBadRecord
	}
	return p, nil
}

func (p *part) blob(file uint64) BlobID { return BlobID{File: file, Part: p.Number, Try: p.Try} }

// reader takes fields off the front of a record. After the first that does not
// fit, bad is set and all others are zero.
type reader struct {
	s   string
	bad bool
}

func (r *reader) take(n uint64) string {
	if n > uint64(len(r.s)) {
		r.bad, r.s = true, ""
		return ""
	}
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

func (r *reader) byte() byte {
	if s := r.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (r *reader) uint64() (n uint64) {
	s := r.take(8)
	for i := range len(s) {
		n = n<<8 | uint64(s[i])
	}
	return n
}

func (r *reader) int() int64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		n |= uint64(c&127) << shift
		if c < 128 {
			break
		}
	}
	return int64(n)
}

func (r *reader) string() string { return r.take(uint64(r.int())) }

// makeInfo orders a map of file info.
func makeInfo(m map[string]string) []infoPair {
	info := make([]infoPair, 0, len(m))
	for name, value := range m {
		info = append(info, infoPair{name, value})
	}
	sortInfo(info)
	return info
}

func sortInfo(info []infoPair) {
	if len(info) > 1 {
		slices.SortFunc(info, func(a, b infoPair) int { return strings.Compare(a.Name, b.Name) })
	}
}
