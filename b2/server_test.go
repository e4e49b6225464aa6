package b2_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2test"
	"github.com/bowline-sync/bowline/internal/wire"
)

// Against our own server: a large and some small files up, listed and down
// again, while every kind of fault strikes once or twice.
func TestServerWithFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := b2test.NewServer(t, b2test.WithPipe(), b2test.WithConfig(func(c *b2server.Config) {
			c.MinPartSize, c.RecommendedPartSize = 10_000, 50_000
		}))
		c := s.Client(t)
		ctx := t.Context()
		s.Fail(wire.CallAuthorize, 1, b2test.Busy())
		s.Fail(wire.CallCreateBucket, 1, b2test.ResetAfter())
		bucket, err := c.CreateBucket(ctx, b2.CreateBucketRequest{BucketName: "bowline-faults"})
		if err != nil {
			t.Fatal(err)
		}

		content := make([]byte, 1_234_567)
		for i := range content {
			content[i] = byte(rand.Uint32())
		}
		s.Fail(wire.CallStartLarge, 1, b2test.ExpiredToken())
		s.Fail(wire.CallUploadPart, 1, s.StaleURL())
		s.Fail(wire.CallUploadPart, 2, b2test.ResetBefore())
		s.Fail(wire.CallUploadPart, 1, b2test.ResetAfter())
		s.Fail(wire.CallUploadPart, 1, b2test.Stall())
		s.Fail(wire.CallFinishLarge, 1, b2test.ResetAfter())
		big, err := c.Upload(ctx, b2.UploadRequest{BucketID: bucket.BucketID, Name: "big", Content: bytes.NewReader(content), Size: int64(len(content))})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 30 {
			s.Fail(wire.CallUploadFile, i%2, b2test.ResetBefore())
			_, err := c.Upload(ctx, b2.UploadRequest{BucketID: bucket.BucketID, Name: fmt.Sprintf("small/%02d", i),
				Content: bytes.NewReader(content), Size: int64(i)})
			if err != nil {
				t.Fatal(err)
			}
		}

		s.Fail(wire.CallListNames, 2, b2test.Truncate())
		n := 0
		for f, err := range c.ListNames(ctx, bucket.BucketID, b2.ListOptions{PageSize: 7}) {
			if err != nil {
				t.Fatal(err)
			}
			if f.Name == "big" && f.ContentSHA1() != big.ContentSHA1() {
				t.Error("the listing has another hash than the upload's answer")
			}
			n++
		}
		if n != 31 {
			t.Errorf("%d names, want 31", n)
		}

		local, err := os.Create(filepath.Join(t.TempDir(), "big"))
		if err != nil {
			t.Fatal(err)
		}
		defer local.Close()
		s.Fail(wire.CallDownloadByID, 1, b2test.Truncate())
		s.Fail(wire.CallDownloadByID, 1, b2test.Corrupt())
		s.Fail(wire.CallDownloadByID, 1, b2test.Stall())
		result, err := c.Download(ctx, b2.DownloadRequest{File: big, To: local, Streams: 4})
		if err != nil || !result.Verified {
			t.Errorf("%+v, %v", result, err)
		}
		if got, err := os.ReadFile(local.Name()); err != nil || !bytes.Equal(got, content) {
			t.Errorf("another content came back: %d bytes, %v", len(got), err)
		}

		s.Fail(wire.CallHideFile, 1, b2test.ResetAfter())
		hidden, err := c.Hide(ctx, bucket.BucketID, "big")
		if err != nil || hidden.Action != b2.ActionHide || hidden.ID == "" {
			t.Errorf("hide: %+v, %v", hidden, err)
		}
		s.Fail(wire.CallDeleteVersion, 1, b2test.ResetAfter())
		if err := c.DeleteVersion(ctx, "big", big.ID, false); err != nil {
			t.Error(err)
		}
	})
}

// TestDownloadOutlivesItsTokens: a slow download meets one expired token after
// the other. None of them is in a row with the next, as content moves between.
func TestDownloadOutlivesItsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := b2test.NewServer(t, b2test.WithPipe())
		c := s.Client(t)
		bucket, err := c.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: "bowline-slow"})
		if err != nil {
			t.Fatal(err)
		}
		content := bytes.Repeat([]byte("moves "), 11<<20)
		file, err := c.Upload(t.Context(), b2.UploadRequest{BucketID: bucket.BucketID, Name: "big",
			Content: bytes.NewReader(content), Size: int64(len(content))})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 { // each leaves half of what was missing, more than 1 MB
			s.Fail(wire.CallDownloadByID, 1, b2test.Truncate())
			s.Fail(wire.CallDownloadByID, 1, b2test.ExpiredToken())
		}
		object, err := c.Open(t.Context(), b2.OpenRequest{ID: file.ID})
		if err != nil {
			t.Fatal(err)
		}
		defer object.Close()
		if got, err := io.ReadAll(object); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes of %d were read: %v", len(got), len(content), err)
		}
	})
}

// TestGrownFileWithLargeParts: the parts that the base is copied in are not
// smaller than the service allows, where it recommends the smallest size.
func TestGrownFileWithLargeParts(t *testing.T) {
	s := b2test.NewServer(t, b2test.WithConfig(func(c *b2server.Config) {
		c.MinPartSize, c.RecommendedPartSize = 100_000, 100_000
	}))
	c := s.Client(t)
	bucket, err := c.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: "bowline-grown"})
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("grown"), 40_000)
	upload := func(size int64, base *b2.File) *b2.File {
		t.Helper()
		stored, err := c.Upload(t.Context(), b2.UploadRequest{BucketID: bucket.BucketID, Name: "log",
			Content: bytes.NewReader(content), Size: size, Base: base})
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	for _, size := range []int64{100_000, 150_000, 190_001} {
		base := upload(size, nil)
		s.ResetCalls()
		if grown := upload(size+9_999, base); grown.Size != size+9_999 {
			t.Errorf("%d bytes were stored", grown.Size)
		}
		if calls := s.Calls(); calls[wire.CallCopyPart] == 0 {
			t.Errorf("of %d bytes nothing was copied: %v", size, calls)
		}
	}
}
