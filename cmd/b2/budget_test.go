package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/ui"
	"github.com/bowline-sync/bowline/internal/wire"
)

func TestBudgetStopsBeforeItIsSpent(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	meter := new(ui.Meter)
	var bodies []string
	b := newBudget(map[wire.Class]int64{wire.ClassC: 12}, stop)
	transport := b.around(roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			text, _ := io.ReadAll(req.Body)
			if int64(len(text)) != req.ContentLength {
				t.Errorf("%d bytes are announced, %d sent", req.ContentLength, len(text))
			}
			bodies = append(bodies, string(text))
		}
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	}), meter)
	call := func(name, body string, billed int) error {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, "POST", "https://api.example/b2api/v4/"+name, bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
			meter.Observe(b2.Attempt{Call: name, Class: byte(wire.ClassOf[name]), Units: billed})
		}
		return err
	}

	list := `{"bucketId":"b","maxFileCount":10000}`
	if err := call(wire.CallListNames, list, 3); err != nil { // counted as 10, billed as 3
		t.Fatal(err)
	}
	if err := call(wire.CallUploadFile, "content", 1); err != nil { // free
		t.Fatal(err)
	}
	if err := call(wire.CallListNames, list, 9); err != nil { // 9 are left
		t.Fatal(err)
	}
	if want := []string{list, "content", `{"bucketId":"b","maxFileCount":9000}`}; strings.Join(bodies, "\n") != strings.Join(want, "\n") {
		t.Errorf("sent were\n%s\nwant\n%s", strings.Join(bodies, "\n"), strings.Join(want, "\n"))
	}
	err := call(wire.CallCopyFile, "{}", 1)
	if stopped, ok := errors.AsType[*ui.Stopped](err); !ok || stopped.By != "--max-class-c 12" {
		t.Errorf("the call above the limit gives %v", err)
	}
	if cause := context.Cause(ctx); !errors.Is(cause, err) {
		t.Errorf("the run ends because of %v", cause)
	}
	if n := meter.Calls().C; n != 12 {
		t.Errorf("%d calls of class C were made", n)
	}
}

func TestCallOf(t *testing.T) {
	for url, want := range map[string]string{
		"https://api/b2api/v4/b2_list_file_names":            wire.CallListNames,
		"https://f/file/bucket/b2_list_file_names":           wire.CallDownloadByName,
		"https://f/b2api/v4/b2_download_file_by_id?fileId=4": wire.CallDownloadByID,
		"https://pod/b2api/v4/b2_upload_file/x/y":            wire.CallUploadFile,
		"https://pod/anything":                               wire.CallUploadFile,
	} {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := callOf(req); got != want {
			t.Errorf("%s is %s, want %s", url, got, want)
		}
	}
}
