package b2sync_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// BenchmarkFsync brings the same files down with Fsync and without, in turn, and
// tells how many times as long the one takes as the other. It is the disk's
// figure more than ours.
func BenchmarkFsync(b *testing.B) {
	for _, size := range []struct {
		name  string
		files int
		bytes int
	}{
		{"500 files of 10 kB", 500, 10_000},
		{"one file of 64 MB", 1, 64_000_000},
	} {
		b.Run(size.name, func(b *testing.B) {
			server := b2test.NewServer(b)
			client := server.Client(b)
			made, err := client.CreateBucket(b.Context(), b2.CreateBucketRequest{BucketName: "fsync-bucket", BucketType: "allPrivate"})
			if err != nil {
				b.Fatal(err)
			}
			bucket := b2.BucketRef{ID: made.BucketID, Name: made.BucketName}
			content := bytes.Repeat([]byte("0123456789"), size.bytes/10)
			for i := range size.files {
				if _, err := client.Upload(b.Context(), b2.UploadRequest{BucketID: bucket.ID, Name: fmt.Sprintf("%d/%d", i%10, i),
					Content: bytes.NewReader(content), Size: int64(len(content)), ModTime: new(int64(1))}); err != nil {
					b.Fatal(err)
				}
			}
			took := map[bool]time.Duration{}
			for b.Loop() {
				for _, fsync := range []bool{false, true} {
					dir := b.TempDir()
					began := time.Now()
					run, err := b2sync.New(b2sync.Bucket(client, bucket, ""), b2sync.Folder(filepath.Join(dir, "there")), b2sync.Options{Fsync: fsync})
					if err != nil {
						b.Fatal(err)
					}
					if sum := run.Run(b.Context()); !sum.OK() {
						b.Fatal(sum)
					}
					took[fsync] += time.Since(began)
				}
			}
			b.ReportMetric(float64(took[true])/float64(took[false]), "times")
		})
	}
}
