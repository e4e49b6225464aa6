package b2_test

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2test"
	"github.com/bowline-sync/bowline/internal/wire"
)

// Answers to the start of a large file are lost again and again, and those to
// the search for it too: nothing stays behind.
func TestLostStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := b2test.NewServer(t, b2test.WithPipe(), b2test.WithConfig(func(c *b2server.Config) {
			c.MinPartSize, c.RecommendedPartSize = 10_000, 50_000
		}))
		c := s.Client(t)
		bucket, err := c.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: "bowline-lost"})
		if err != nil {
			t.Fatal(err)
		}
		content := bytes.Repeat([]byte("content "), 20_000)
		for range 3 {
			s.Fail(wire.CallStartLarge, 1, b2test.Busy()) // which starts nothing
			s.Fail(wire.CallStartLarge, 1, b2test.ResetAfter())
			s.Fail(wire.CallListUnfinished, 2, b2test.ResetBefore())
			s.Fail(wire.CallListParts, 1, b2test.ResetAfter())
			if _, err := c.Upload(t.Context(), b2.UploadRequest{BucketID: bucket.BucketID, Name: "big", Content: bytes.NewReader(content), Size: int64(len(content))}); err != nil {
				t.Fatal(err)
			}
			nothingUnfinished(t, c, bucket.BucketID)
		}
	})
}

// A key that may not list is no reason to fail.
func TestLostStartOfAKeyThatMayNotList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := b2test.NewServer(t, b2test.WithPipe(), b2test.WithConfig(func(c *b2server.Config) {
			c.MinPartSize, c.RecommendedPartSize = 10_000, 50_000
		}))
		master := s.Client(t)
		bucket, err := master.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: "bowline-lost"})
		if err != nil {
			t.Fatal(err)
		}
		key, err := master.CreateKey(t.Context(), b2.CreateKeyRequest{KeyName: "writer", Capabilities: []string{"writeFiles"}})
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.ClientConfig()
		cfg.KeyID, cfg.Key = key.ApplicationKeyID, b2.Secret(key.Secret)
		s.Fail(wire.CallStartLarge, 1, b2test.ResetAfter())
		content := bytes.Repeat([]byte("content "), 20_000)
		_, err = b2.New(cfg).Upload(t.Context(), b2.UploadRequest{BucketID: bucket.BucketID, Name: "big", Content: bytes.NewReader(content), Size: int64(len(content))})
		if err != nil {
			t.Error(err)
		}
	})
}

func nothingUnfinished(t *testing.T, c *b2.Client, bucketID string) {
	t.Helper()
	for f, err := range c.ListUnfinished(t.Context(), bucketID, "") {
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s stays unfinished", f.Name)
	}
}
