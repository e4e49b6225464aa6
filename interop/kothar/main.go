// Command kothar drives kothar/go-backblaze, the library inside kopia, which
// speaks the first version of the API and can only talk to the service.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	backblaze "gopkg.in/kothar/go-backblaze.v0"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	b2, err := backblaze.NewB2(backblaze.Credentials{KeyID: os.Getenv("B2_ACCOUNT_ID"), ApplicationKey: os.Getenv("B2_ACCOUNT_KEY")})
	if err != nil {
		return err
	}
	if _, err := b2.CreateBucket("interop-kothar", backblaze.AllPrivate); err != nil {
		return err
	}
	bucket, err := b2.Bucket("interop-kothar")
	if err != nil || bucket == nil {
		return fmt.Errorf("finding the bucket: %v", err)
	}
	const name = "d/ü b.txt"
	f, err := bucket.UploadFile(name, map[string]string{"a": "b"}, bytes.NewReader([]byte("hello")))
	if err != nil {
		return err
	}
	info, content, err := bucket.DownloadFileByName(name)
	if err := holds(content, "hello", err); err != nil {
		return err
	}
	if info.FileInfo["A"] != "b" { // the library does not undo what Go does to headers
		return fmt.Errorf("the file's info is %v", info.FileInfo)
	}
	_, content, err = b2.DownloadFileRangeByID(f.ID, &backblaze.FileRange{Start: 1, End: 2})
	if err := holds(content, "el", err); err != nil {
		return err
	}
	names, err := bucket.ListFileNamesWithPrefix("", 10, "d/", "")
	if err != nil || len(names.Files) != 1 || names.Files[0].Size != 5 {
		return fmt.Errorf("names: %+v, %v", names, err)
	}
	if err := missing(bucket); err != nil {
		return err
	}
	return empty(bucket)
}

// missing asks as kopia does for what is not there: the words of the answers
// tell it that this is no failure.
func missing(bucket *backblaze.Bucket) error {
	_, err := bucket.GetFileInfo("")
	if e, ok := errors.AsType[*backblaze.B2Error](err); !ok || e.Code != "bad_request" || !strings.HasPrefix(e.Message, "Bad fileId") {
		return fmt.Errorf("a missing file by id: %v", err)
	}
	_, _, err = bucket.DownloadFileRangeByName("d/none", nil)
	if e, ok := errors.AsType[*backblaze.B2Error](err); !ok || e.Status != http.StatusNotFound {
		return fmt.Errorf("a missing file by name: %v", err)
	}
	_, err = bucket.HideFile("d/none")
	if e, ok := errors.AsType[*backblaze.B2Error](err); !ok || e.Code != "no_such_file" {
		return fmt.Errorf("hiding a missing file: %v", err)
	}
	return nil
}

// empty hides the file, deletes both versions and then the bucket.
func empty(bucket *backblaze.Bucket) error {
	if _, err := bucket.HideFile("d/ü b.txt"); err != nil {
		return err
	}
	versions, err := bucket.ListFileVersions("", "", 10)
	if err != nil || len(versions.Files) != 2 {
		return fmt.Errorf("versions: %+v, %v", versions, err)
	}
	for _, f := range versions.Files {
		if _, err := bucket.DeleteFileVersion(f.Name, f.ID); err != nil {
			return err
		}
	}
	return bucket.Delete()
}

func holds(content io.ReadCloser, want string, err error) error {
	if err != nil {
		return err
	}
	defer content.Close()
	if got, err := io.ReadAll(content); string(got) != want {
		return fmt.Errorf("got %q, %v; want %q", got, err, want)
	}
	return nil
}
