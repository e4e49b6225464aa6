//go:build linux || darwin || freebsd

package localfs

import (
	"fmt"
	"testing"
)

// BenchmarkCreate makes files of 1 KiB, two folders deep.
func BenchmarkCreate(b *testing.B) {
	r, _, _ := openRoot(b)
	content := make([]byte, 1<<10)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		temp, err := r.Create(fmt.Sprintf("a/b%d/f%d", i/1000%100, i%1000))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := temp.WriteAt(content, 0); err != nil {
			b.Fatal(err)
		}
		if err := temp.Commit(1700000000000, false); err != nil {
			b.Fatal(err)
		}
	}
}
