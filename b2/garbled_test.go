package b2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bowline-sync/bowline/internal/wire"
)

// garbage is what a proxy, a captive portal or a broken cache may say in place
// of the service, as a success.
var garbage = map[string]handler{
	"a page":      answers("<!DOCTYPE html>\n<html><body>Please log in to HotelWiFi</body></html>\n"),
	"nothing":     answers(""),
	"half a JSON": answers(`{"accountId":"acc","fileId":"4_z","files":[{"fileNa`),
	"noise":       answers("\x1f\x8b\x08\x00\x00\xff\xff"),
}

// garbledCalls are calls of every kind, each with its honest answer, or none
// where the fake has one.
var garbledCalls = []struct {
	call string
	say  handler
	do   func(context.Context, *Client) error
}{
	{wire.CallAuthorize, answers(honestAccount), func(ctx context.Context, c *Client) error {
		_, err := c.Account(ctx)
		return err
	}},
	{wire.CallListBuckets, answers(noBuckets), func(ctx context.Context, c *Client) error {
		_, err := c.ListBuckets(ctx, ListBucketsRequest{})
		return err
	}},
	{wire.CallListNames, answers(aPage("", upload("a"))), func(ctx context.Context, c *Client) error {
		got, err := names(c.ListNames(ctx, "b", ListOptions{}))
		if err == nil && !slices.Equal(got, []string{"a"}) {
			err = errors.New("not the listing")
		}
		return err
	}},
	{wire.CallGetUploadURL, nil, uploadX},
	{wire.CallUploadFile, storesX, uploadX},
	{wire.CallDeleteVersion, refuses(400, wire.CodeFileNotPresent, "File not present: a 1"), func(ctx context.Context, c *Client) error {
		return c.DeleteVersion(ctx, "a", "1", false)
	}},
	{wire.CallDownloadByID, bringsX, func(ctx context.Context, c *Client) error {
		var to memory
		_, err := c.Download(ctx, DownloadRequest{File: &File{ID: "4_z", Name: "n", Size: 1}, To: &to})
		if err == nil && string(to.b) != "x" {
			err = errors.New("not the content")
		}
		return err
	}},
}

func uploadX(ctx context.Context, c *Client) error {
	_, err := c.Upload(ctx, UploadRequest{BucketID: "b", Name: "n", Content: strings.NewReader("x"), Size: 1})
	return err
}

const sumOfX = "11f6ad8ec52a2984abaafd7c3b516503785c2072"

func storesX(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	say(w, 200, `{"action":"upload","fileId":"4_z","fileName":"n","contentLength":1,"contentSha1":"`+sumOfX+`"}`)
}

func bringsX(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set(wire.HeaderFileID, "4_z")
	w.Header().Set(wire.HeaderContentSHA1, sumOfX)
	_, _ = io.WriteString(w, "x")
}

// What is not an answer at all is asked for again: the next one may be.
func TestGarbledAnswerIsAskedForAgain(t *testing.T) {
	for _, tt := range garbledCalls {
		for name, spoilt := range garbage {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.when(wire.CallUploadFile, storesX)
				honest := tt.say
				if honest == nil {
					honest = answers(`{"bucketId":"b","uploadUrl":"http://pod.example.test/b2api/v4/b2_upload_file/b/1","authorizationToken":"up"}`)
				}
				f.when(tt.call, inTurn(spoilt, spoilt, honest))
				if tt.call == wire.CallAuthorize {
					f.when(tt.call, inTurn(spoilt, spoilt, answers(strings.ReplaceAll(honestAccount, "http://b2.test", "http://api.example.test"))))
				}
				if err := tt.do(t.Context(), f.client()); err != nil {
					t.Errorf("%s in answer to %s: %v", name, tt.call, err)
				}
				want(t, f.count(tt.call), 3)
			})
		}
	}
}

// A service that says nothing else is given up after a few tries, with what is
// wrong: it is no outage to be waited out.
func TestGarbledAnswersAreGivenUp(t *testing.T) {
	for _, tt := range garbledCalls {
		for name, spoilt := range garbage {
			if tt.call == wire.CallListNames && (name == "nothing" || name == "half a JSON") {
				continue // looks as if the connection had broken, and is treated so
			}
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.when(wire.CallUploadFile, storesX)
				f.when(tt.call, spoilt)
				err := tt.do(t.Context(), f.client())
				if !errors.Is(err, ErrAnswer) || !Transient(err) || !strings.Contains(err.Error(), tt.call) {
					t.Errorf("%s in answer to %s: %v", name, tt.call, err)
				}
				oneLine(t, err)
				want(t, f.count(tt.call), mostGarbled)
			})
		}
	}
}

// JSON that is not what the call answers is a lie, not noise: it is not asked
// for again. Neither is a page that was garbled after it had brought entries,
// for these may be wrong as well.
func TestLiesAreNotAskedForAgain(t *testing.T) {
	for call, body := range map[string]string{
		wire.CallListBuckets: `[]`,
		wire.CallUploadFile:  `{"action":"upload","fileId":"4_z","fileName":"n","contentLength":-1}`,
		wire.CallListNames:   `{"files":[` + upload("a") + `,` + upload("z") + `,<html>`,
	} {
		f := newFake(t)
		f.when(call, answers(body))
		for _, tt := range garbledCalls {
			if tt.call != call {
				continue
			}
			if err := tt.do(t.Context(), f.client()); !errors.Is(err, ErrAnswer) || Transient(err) {
				t.Errorf("%s: %v", call, err)
			}
			want(t, f.count(call), 1)
		}
	}
}
