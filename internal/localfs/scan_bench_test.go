package localfs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// BenchmarkScan scans 20,000 empty files in 200 folders, or the tree that
// LOCALFS_BENCH_TREE names.
func BenchmarkScan(b *testing.B) {
	root := os.Getenv("LOCALFS_BENCH_TREE")
	if root == "" {
		root = benchTree(b, 200, 100)
	}
	for _, readers := range []int{1, 2, 8} {
		b.Run("readers="+strconv.Itoa(readers), func(b *testing.B) {
			b.ReportAllocs()
			files := 0
			for b.Loop() {
				files = 0
				for item, err := range Scan(b.Context(), root, ScanOptions{Readers: readers}) {
					if err != nil {
						b.Fatal(err)
					}
					if item.Kind == File {
						files++
					}
				}
			}
			perFile := b.Elapsed().Seconds() / float64(b.N) / float64(files)
			b.ReportMetric(1/perFile, "files/s")
		})
	}
}

func benchTree(b *testing.B, folders, files int) string {
	root := b.TempDir()
	for i := range folders {
		dir := filepath.Join(root, fmt.Sprintf("%02x", i%16), fmt.Sprintf("folder-%04d", i))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			b.Fatal(err)
		}
		for j := range files {
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("file-%06d.txt", j)))
			if err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	}
	return root
}
