// Package corpus is the data of the benchmarks: file number i has a name, a
// time and content that follow from i alone, so that a folder of ten million
// files and a bucket of ten million objects can agree without either being
// held in memory.
package corpus

import (
	"sort"
	"time"
)

// Files stand 100 to a folder, 50 folders to a folder above, and a million
// files to a folder at the top: m00/p00199/d0009999/file-00999999.bin. All
// numbers have a fixed width, so names sort as their numbers do, up to a
// hundred million files.
const (
	PerFolder  = 100
	perParent  = 5_000
	PerMillion = 1_000_000
)

// ModTime is the modification time of every file. It is a whole second, which
// no tool rounds.
var ModTime = time.Unix(1_700_000_000, 0)

// AppendName appends the name of file i to b.
func AppendName(b []byte, i int) []byte {
	b = AppendFolder(b, i)
	b = append(b, "file-"...)
	b = AppendNumber(b, i, 8)
	return append(b, ".bin"...)
}

// AppendFolder appends the folder of file i to b, with a slash at its end.
func AppendFolder(b []byte, i int) []byte {
	b = append(b, 'm')
	b = AppendNumber(b, i/PerMillion, 2)
	b = append(b, "/p"...)
	b = AppendNumber(b, i/perParent, 5)
	b = append(b, "/d"...)
	b = AppendNumber(b, i/PerFolder, 7)
	return append(b, '/')
}

// AppendNumber appends n in decimal with zeros in front, width digits in all.
func AppendNumber(b []byte, n, width int) []byte {
	end := len(b) + width
	for range width {
		b = append(b, '0')
	}
	for at := end - 1; n > 0; at-- {
		b[at] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// Name is the name of file i.
func Name(i int) string { return string(AppendName(nil, i)) }

// Seek answers the number of the first of n files whose name is at or after
// start.
func Seek(n int, start string) int {
	var buf [64]byte
	return sort.Search(n, func(i int) bool { return string(AppendName(buf[:0], i)) >= start })
}

// Span answers the first file with a prefix and the first after those.
func Span(n int, prefix string) (first, end int) {
	return Seek(n, prefix), seekAfter(n, prefix)
}

// seekAfter answers the first file that sorts after all names with prefix.
func seekAfter(n int, prefix string) int {
	for k := len(prefix); k > 0; k-- {
		if c := prefix[k-1]; c < 0xff {
			return Seek(n, string(append([]byte(prefix[:k-1]), c+1)))
		}
	}
	return n
}
