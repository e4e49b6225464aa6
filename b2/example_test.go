package b2_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
)

// service starts a B2 server in memory and makes a client of it, with a bucket.
// Against the public service, Config needs KeyID and Key only.
func service(names ...string) (c *b2.Client, bucketID string, close func()) {
	server, err := b2server.New(b2server.Config{Store: b2server.NewMemStore()})
	if err != nil {
		log.Fatal(err)
	}
	transport, stop := b2server.Pipe(server)
	id, key := server.MasterKey()
	c = b2.New(b2.Config{Endpoint: "http://b2.example", KeyID: id, Key: b2.Secret(key), Transport: transport})
	bucket, err := c.CreateBucket(context.Background(), b2.CreateBucketRequest{BucketName: "holiday-photos"})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range names {
		put(c, bucket.BucketID, name, "content of "+name)
	}
	return c, bucket.BucketID, func() { stop(); server.Close() }
}

// put stores a string.
func put(c *b2.Client, bucketID, name, content string) *b2.File {
	f, err := c.Upload(context.Background(), b2.UploadRequest{BucketID: bucketID, Name: name,
		Content: strings.NewReader(content), Size: int64(len(content))})
	if err != nil {
		log.Fatal(err)
	}
	return f
}

// A file goes up, is listed and comes down again.
func Example() {
	client, bucketID, done := service()
	defer done()
	ctx := context.Background()

	content := []byte("the sea at noon")
	_, err := client.Upload(ctx, b2.UploadRequest{
		BucketID: bucketID, Name: "2026/sea.txt",
		Content: bytes.NewReader(content), Size: int64(len(content)),
		ModTime: new(int64(1767323000123)),
	})
	if err != nil {
		log.Fatal(err)
	}

	for file, err := range client.ListNames(ctx, bucketID, b2.ListOptions{Prefix: "2026/"}) {
		if err != nil {
			log.Fatal(err)
		}
		modTime, _ := file.InfoValue(b2.InfoModTime)
		fmt.Println(file.Name, file.Size, file.SHA1, modTime)

		local, err := os.CreateTemp("", "sea")
		if err != nil {
			log.Fatal(err)
		}
		defer os.Remove(local.Name())
		defer local.Close()
		result, err := client.Download(ctx, b2.DownloadRequest{File: &file, To: local})
		fmt.Println(result.Verified, err)
	}
	// Output:
	// 2026/sea.txt 15 7f846a19356b08878c7e74ebac095951a7ac4361 1767323000123
	// true <nil>
}

// A delimiter folds names into folders.
func ExampleClient_ListNames() {
	client, bucketID, done := service("a.txt", "summer/1.jpg", "summer/2.jpg", "winter/1.jpg", "z.txt")
	defer done()

	for file, err := range client.ListNames(context.Background(), bucketID, b2.ListOptions{Delimiter: "/"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(file.Action, file.Name)
	}
	// Output:
	// upload a.txt
	// folder summer/
	// folder winter/
	// upload z.txt
}

// A hide marker makes a name look absent; removing it brings the version below
// back.
func ExampleClient_ListVersions() {
	client, bucketID, done := service("diary.txt")
	defer done()
	ctx := context.Background()

	if _, err := client.Hide(ctx, bucketID, "diary.txt"); err != nil {
		log.Fatal(err)
	}
	for file, err := range client.ListVersions(ctx, bucketID, b2.ListOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(file.Action, file.Name)
		if file.Action == b2.ActionHide {
			if err := client.DeleteVersion(ctx, file.Name, file.ID, false); err != nil {
				log.Fatal(err)
			}
		}
	}
	for file := range client.ListNames(ctx, bucketID, b2.ListOptions{}) {
		fmt.Println("visible:", file.Name)
	}
	// Output:
	// hide diary.txt
	// upload diary.txt
	// visible: diary.txt
}

// Check has the last word before anything is stored: here because the file
// changed while it was read.
func ExampleClient_Upload_check() {
	client, bucketID, done := service()
	defer done()

	dir, err := os.MkdirTemp("", "upload")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	local, err := os.Create(filepath.Join(dir, "log.txt"))
	if err != nil {
		log.Fatal(err)
	}
	defer local.Close()
	fmt.Fprintln(local, "first line")
	before, err := local.Stat()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(local, "second line") // somebody writes on

	_, err = client.Upload(context.Background(), b2.UploadRequest{
		BucketID: bucketID, Name: "log.txt", Content: local, Size: before.Size(),
		Check: func() error {
			now, err := local.Stat()
			if err == nil && now.Size() != before.Size() {
				err = errors.New("log.txt changed while it was read")
			}
			return err
		},
	})
	fmt.Println(err)
	// Output: log.txt changed while it was read
}

// A stream reads the newest version of a name, or a part of it.
func ExampleClient_Open() {
	client, _, done := service("poem.txt")
	defer done()

	object, err := client.Open(context.Background(), b2.OpenRequest{Bucket: "holiday-photos", Name: "poem.txt", Offset: 11})
	if err != nil {
		log.Fatal(err)
	}
	defer object.Close()
	text, err := io.ReadAll(object)
	fmt.Printf("%s of %d bytes, %v\n", text, object.Size, err)
	// Output: poem.txt of 19 bytes, <nil>
}

// A copy stays inside the service. With Replace it may change what is stored
// beside the content.
func ExampleClient_Copy() {
	client, bucketID, done := service()
	defer done()

	source := put(client, bucketID, "a.bin", "content")
	copied, err := client.Copy(context.Background(), b2.CopyRequest{Source: source, BucketID: bucketID, Name: "b.txt",
		Replace: true, ContentType: "text/plain", Info: map[string]string{"from": "a.bin"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(copied.Name, copied.ContentType, copied.Info())
	// Output: b.txt text/plain map[from:a.bin]
}

// Errors are told apart by category, never by their text.
func ExampleError() {
	client, bucketID, done := service()
	defer done()

	err := client.DeleteVersion(context.Background(), "none.txt", put(client, bucketID, "other.txt", "x").ID, false)
	if failure, ok := errors.AsType[*b2.Error](err); ok {
		fmt.Println(failure.Call, failure.Status, failure.Code, errors.Is(err, fs.ErrNotExist))
	}
	_, err = client.BucketByName(context.Background(), "no-such-bucket")
	fmt.Println(errors.Is(err, b2.ErrBucketNotFound))
	// Output:
	// b2_delete_file_version 400 file_not_present true
	// true
}
