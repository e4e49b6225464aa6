package b2test_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2test"
)

// note is code of your own: it keeps a text under a name.
func note(ctx context.Context, client *b2.Client, bucket, text string) error {
	ref, err := client.BucketByName(ctx, bucket)
	if err != nil {
		return err
	}
	_, err = client.Upload(ctx, b2.UploadRequest{
		BucketID: ref.ID, Name: "note.txt", Content: bytes.NewReader([]byte(text)), Size: int64(len(text)),
	})
	return err
}

// TestUsage is a test of it as yours may look: a server for this test alone, a
// fault that the code must live through, and time that passes at once.
func TestUsage(t *testing.T) {
	srv := b2test.NewServer(t)
	client := srv.Client(t)
	bucket, err := client.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: "notes-of-mine", BucketType: "allPrivate"})
	if err != nil {
		t.Fatal(err)
	}

	srv.Fail("b2_upload_file", 1, b2test.Busy())
	if err := note(t.Context(), client, bucket.BucketName, "first"); err != nil {
		t.Fatal(err)
	}
	srv.Advance(t, 48*time.Hour) // the token has expired
	if err := note(t.Context(), client, bucket.BucketName, "second"); err != nil {
		t.Fatal(err)
	}

	if calls := srv.Calls()["b2_upload_file"]; calls < 3 {
		t.Errorf("%d calls of b2_upload_file: two, and one that was spoilt", calls)
	}
	var versions []string
	for file, err := range client.ListVersions(t.Context(), bucket.BucketID, b2.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, file.Name)
	}
	if len(versions) != 2 {
		t.Errorf("versions: %q", versions)
	}
}
