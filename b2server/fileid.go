package b2server

import (
	"encoding/hex"
	"strconv"
	"time"
)

// A file id says where to find the version (bucket and number) and repeats
// what is known of it (kind and time), in the service's form:
//
//	4_z<bucket>_f<1|2><number>_d<date>_m<time>_c<cluster>_v<volume>_t<pod>_u<ms>
//
// It is made from the version each time and never stored. An id that a client
// sends is trusted for its number only, and then compared whole.
const (
	idMiddle = "_c005_v0501013_t0020_u"
	idLength = 3 + 24 + 2 + 17 + 2 + 8 + 2 + 6 + len(idMiddle) + 14
)

func appendFileID(b []byte, bucket string, large bool, number uint64, ms int64) []byte {
	b = append(b, "4_z"...)
	b = append(b, bucket...)
	if large {
		b = append(b, "_f2"...)
	} else {
		b = append(b, "_f1"...)
	}
	b = appendHex16(b, number)
	t := time.UnixMilli(ms).UTC()
	year, month, day := t.Date()
	hour, minute, sec := t.Clock()
	b = append(b, "_d"...)
	b = appendDigits(b, int64(year), 4)
	b = appendDigits(b, int64(month), 2)
	b = appendDigits(b, int64(day), 2)
	b = append(b, "_m"...)
	b = appendDigits(b, int64(hour), 2)
	b = appendDigits(b, int64(minute), 2)
	b = appendDigits(b, int64(sec), 2)
	b = append(b, idMiddle...)
	return appendDigits(b, ms, 14)
}

// appendDigits appends n >= 0 in decimal, at least width digits.
func appendDigits(b []byte, n int64, width int) []byte {
	for limit := int64(10); width > 1; width-- {
		if n < limit {
			b = append(b, '0')
		}
		limit *= 10
	}
	// The zeros above were counted from the least digit up; there are as many
	// as the number is short of width.
	return strconv.AppendInt(b, n, 10)
}

func appendHex16(b []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[n>>shift&15])
	}
	return b
}

// fileNumber answers the number in a well-formed file id.
func fileNumber(id string) (number uint64, ok bool) {
	const at = 3 + 24 + 3
	if len(id) < idLength || id[:3] != "4_z" || id[27:29] != "_f" || id[at+16:at+18] != "_d" {
		return 0, false
	}
	n, err := strconv.ParseUint(id[at:at+16], 16, 64)
	return n, err == nil
}

// rawBucket is a bucket id as it stands in keys of the index.
func rawBucket(id string) ([]byte, bool) {
	if len(id) != 24 {
		return nil, false
	}
	raw, err := hex.DecodeString(id)
	return raw, err == nil
}
