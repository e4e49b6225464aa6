package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/Backblaze/blazer/b2"
)

// fetch reads a URL.
func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", url, resp.Status, err, body)
	}
	return string(body)
}

// TestBlazer drives Backblaze's Go library: buckets, small and large files,
// listings, hiding, keys, and downloads.
func TestBlazer(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	client, err := b2.NewClient(ctx, s.keyID, s.key, b2.APIBase(s.url))
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := client.NewBucket(ctx, "interop-blazer", &b2.BucketAttrs{Type: b2.Private})
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 11_000_000) // three parts of 5 MB at the least
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	put := func(name string, content []byte) {
		t.Helper()
		w := bucket.Object(name).NewWriter(ctx)
		w.ChunkSize, w.ConcurrentUploads = 5_000_000, 3
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	put("small", []byte("hello"))
	put("d/ü b+c", []byte("names"))
	put("large", content)
	for name, want := range map[string][]byte{"small": []byte("hello"), "d/ü b+c": []byte("names"), "large": content} {
		r := bucket.Object(name).NewReader(ctx)
		r.ConcurrentDownloads, r.ChunkSize = 3, 4_000_000
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
		r.Close()
	}
	part, err := io.ReadAll(bucket.Object("large").NewRangeReader(ctx, 1000, 77))
	if err != nil || !bytes.Equal(part, content[1000:1077]) {
		t.Errorf("a range: %d bytes, %v", len(part), err)
	}

	names := func() (got []string) {
		t.Helper()
		list := bucket.List(ctx)
		for list.Next() {
			got = append(got, list.Object().Name())
		}
		if list.Err() != nil {
			t.Fatal(list.Err())
		}
		return got
	}
	if got := names(); len(got) != 3 {
		t.Errorf("listing: %q", got)
	}
	if err := bucket.Object("small").Hide(ctx); err != nil {
		t.Error(err)
	}
	if got := names(); len(got) != 2 {
		t.Errorf("listing after hiding: %q", got)
	}
	if err := bucket.Reveal(ctx, "small"); err != nil {
		t.Error(err)
	}
	testBlazerKeys(t, ctx, s, client)
	for _, name := range names() {
		if err := bucket.Object(name).Delete(ctx); err != nil {
			t.Error(err)
		}
	}
	if _, err := bucket.Object("small").Attrs(ctx); !b2.IsNotExist(err) {
		t.Errorf("attributes of a deleted object: %v", err)
	}
	if err := bucket.Delete(ctx); err != nil {
		t.Error(err)
	}
}

// testBlazerKeys makes a key that may only list, and tries to write with it.
func testBlazerKeys(t *testing.T, ctx context.Context, s server, client *b2.Client) {
	t.Helper()
	key, err := client.CreateKey(ctx, "lister", b2.Capabilities("listBuckets", "listFiles"))
	if err != nil {
		t.Fatal(err)
	}
	lister, err := b2.NewClient(ctx, key.ID(), key.Secret(), b2.APIBase(s.url))
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := lister.Bucket(ctx, "interop-blazer")
	if err != nil {
		t.Fatal(err)
	}
	w := bucket.Object("refused").NewWriter(ctx)
	_, writeErr := w.Write([]byte("x"))
	if err := errors.Join(writeErr, w.Close()); err == nil {
		t.Error("a key that may only list has written")
	}
	keys, _, err := client.ListKeys(ctx, 10, "")
	if err != nil && !errors.Is(err, io.EOF) || len(keys) != 1 {
		t.Errorf("keys: %d, %v", len(keys), err)
	}
	if err := key.Delete(ctx); err != nil {
		t.Error(err)
	}
}
