package b2

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

func TestActions(t *testing.T) {
	const up, other = wire.CallUploadPart, wire.CallListBuckets
	for _, tt := range []struct {
		call    string
		status  int
		code    string
		message string
		cause   error
		want    action
	}{
		{up, 0, "", "", errors.New("connection reset"), renewURL},
		{up, 401, "expired_auth_token", "", nil, renewURL},
		{up, 401, "unauthorized", "", nil, renewURL},
		{up, 408, "request_timeout", "", nil, renewURL},
		{up, 429, "too_many_requests", "", nil, renewURL},
		{up, 500, "internal_error", "", nil, renewURL},
		{up, 503, "service_unavailable", "", nil, renewURL},
		{up, 503, "too_busy", "", nil, renewURL},
		{up, 400, "auth_token_limit", "", nil, renewURL},
		{up, 400, "bad_request", "more than one upload using auth token 4_00", nil, renewURL},
		{up, 400, "bad_request", "Checksum did not match data received", nil, renewURL},
		{up, 400, "bad_request", "Sha1 did not match data received", nil, renewURL},
		{up, 400, "bad_request", "File names must not be empty", nil, giveUp},
		{up, 403, "storage_cap_exceeded", "", nil, giveUp},
		{up, 413, "", "", nil, giveUp},
		{other, 0, "", "", errors.New("no route"), backOff},
		{other, 401, "expired_auth_token", "", nil, reconnect},
		{other, 401, "bad_auth_token", "", nil, reconnect},
		{other, 401, "", "", nil, reconnect},
		{other, 401, "unauthorized", "", nil, giveUp},
		{other, 401, "access_denied", "", nil, giveUp},
		{other, 400, "bad_request", "Checksum did not match", nil, giveUp},
		{other, 403, "transaction_cap_exceeded", "", nil, giveUp},
		{other, 404, "not_found", "", nil, giveUp},
		{other, 408, "", "", nil, backOff},
		{other, 409, "conflict", "", nil, giveUp},
		{other, 416, "range_not_satisfiable", "", nil, giveUp},
		{other, 429, "", "", nil, backOff},
		{other, 502, "", "", nil, backOff},
		{other, 503, "bad_request", "", nil, backOff},
		{other, 0, "", "", fmt.Errorf("%w: html", ErrAnswer), giveUp},
		{other, 0, "", "", &garbledError{ErrAnswer}, backOff},
		{up, 0, "", "", &garbledError{ErrAnswer}, renewURL},
		{wire.CallListNames, 503, "bad_request", "Timed out while iterating and skipping files", nil, giveUp},
		{wire.CallListNames, 503, "service_unavailable", "", nil, backOff},
		{wire.CallAuthorize, 401, "bad_auth_token", "", nil, giveUp},
		{wire.CallAuthorize, 401, "unauthorized", "", nil, giveUp},
		{wire.CallAuthorize, 503, "", "", nil, backOff},
		{wire.CallAuthorize, 0, "", "", errors.New("refused"), backOff},
	} {
		e := &Error{Call: tt.call, Status: tt.status, Code: tt.code, Message: tt.message, Cause: tt.cause}
		if got := actionFor(e); got != tt.want {
			t.Errorf("%v: action %d, want %d", e, got, tt.want)
		}
	}
}

const noBuckets = `{"buckets":[]}`

func TestOutageCostsOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		began := time.Now()
		f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) {
			if time.Since(began) < 40*time.Minute {
				refuse(w, 503, "service_unavailable", "busy")
				return
			}
			say(w, 200, noBuckets)
		})
		if _, err := f.client().ListBuckets(t.Context(), ListBucketsRequest{}); err != nil {
			t.Fatal(err)
		}
		took(t, began, 40*time.Minute, 41*time.Minute+5*time.Second)
	})
}

// The first call that succeeds after an outage wakes the others that wait,
// whatever their backoff has grown to. Those that send content are woken by
// their own kind.
func TestEndOfOutageWakesTheOthers(t *testing.T) {
	for _, back := range []time.Duration{3 * time.Minute, 7 * time.Minute, 20 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			began := time.Now()
			f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) {
				if time.Since(began) < back {
					refuse(w, 503, "service_unavailable", "busy")
					return
				}
				say(w, 200, noBuckets)
			})
			c := f.client()
			var all sync.WaitGroup
			ends := make(chan time.Duration, 50)
			for range cap(ends) {
				all.Go(func() {
					if _, err := c.ListBuckets(t.Context(), ListBucketsRequest{}); err != nil {
						t.Error(err)
					}
					ends <- time.Since(began)
				})
			}
			all.Wait()
			first := <-ends
			for range cap(ends) - 1 {
				if end := <-ends; end > first+firstWait {
					t.Errorf("one call was done %v after the first that succeeded, want %v at most", end-first, firstWait)
				}
			}
		})
	}
}

// A busy service, which answers one call and refuses the next, is not asked
// sooner for that: 20 tries take as long as ever.
func TestBusyServiceIsNotAskedSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallGetFileInfo, refuses(503, "service_unavailable", "busy"))
		var asked atomic.Int64
		f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1)%2 == 1 {
				refuse(w, 503, "service_unavailable", "busy")
				return
			}
			say(w, 200, noBuckets)
		})
		c := f.client()
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for sleep(ctx, 3*time.Second) == nil {
				c.ListBuckets(ctx, ListBucketsRequest{})
			}
		})
		began := time.Now()
		if _, err := c.FileInfo(ctx, "id"); err == nil {
			t.Error("no error")
		}
		cancel()
		others.Wait()
		took(t, began, 7*time.Minute, 21*time.Minute)
	})
}

// What the service asks to wait is waited, even if others succeed meanwhile.
func TestRetryAfterIsNotCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallGetFileInfo, inTurn(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "300")
			refuse(w, 503, "service_unavailable", "")
		}, answers(`{"action":"upload","fileId":"id","fileName":"a","contentLength":1}`)))
		f.when(wire.CallListBuckets, answers(noBuckets))
		c := f.client()
		if _, err := c.Account(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var other sync.WaitGroup
		other.Go(func() {
			time.Sleep(200 * time.Second)
			c.ListBuckets(t.Context(), ListBucketsRequest{})
		})
		if _, err := c.FileInfo(t.Context(), "id"); err != nil {
			t.Error(err)
		}
		other.Wait()
		took(t, began, 300*time.Second, 331*time.Second)
	})
}

func TestNothingSucceedsForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallListBuckets, refuses(503, "service_unavailable", "busy"))
		c := f.client()
		began := time.Now()
		_, err := c.ListBuckets(t.Context(), ListBucketsRequest{})
		if e, ok := errors.AsType[*Error](err); !ok || e.Status != 503 {
			t.Fatalf("got %v, want the service's 503", err)
		}
		took(t, began, time.Hour, time.Hour+65*time.Second)

		// The outage is the client's: the next operation does not wait it out again.
		began = time.Now()
		if _, err := c.ListBuckets(t.Context(), ListBucketsRequest{}); err == nil {
			t.Fatal("no error")
		}
		took(t, began, 0, time.Second)
	})
}

func TestTwentyTriesWhileOthersSucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallGetFileInfo, refuses(500, "internal_error", "incident id 1"))
		f.when(wire.CallListBuckets, answers(noBuckets))
		c := f.client()
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for sleep(ctx, 100*time.Millisecond) == nil {
				c.ListBuckets(ctx, ListBucketsRequest{})
			}
		})
		_, err := c.FileInfo(t.Context(), "id")
		cancel()
		others.Wait()
		if err == nil || f.count(wire.CallGetFileInfo) != 20 {
			t.Errorf("%d tries, error %v; want 20 and an error", f.count(wire.CallGetFileInfo), err)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallListBuckets, inTurn(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "300")
			refuse(w, 429, "too_many_requests", "")
		}, answers(noBuckets)))
		var seen []Attempt
		f.cfg.Observe = func(a Attempt) { seen = append(seen, a) }
		began := time.Now()
		if _, err := f.client().ListBuckets(t.Context(), ListBucketsRequest{}); err != nil {
			t.Fatal(err)
		}
		took(t, began, 300*time.Second, 331*time.Second)
		if len(seen) != 3 || seen[1].Status != 429 || !seen[1].Retry || seen[1].Wait < 300*time.Second || seen[2].Err != nil {
			t.Errorf("observed %+v", seen)
		}
	})
}

func TestOneAuthorisationForAll(t *testing.T) {
	f := newFake(t)
	var expired atomic.Pointer[string]
	f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == *expired.Load() {
			refuse(w, 401, "expired_auth_token", "Authorization token has expired")
			return
		}
		say(w, 200, noBuckets)
	})
	expired.Store(new("t"))
	c := f.client()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := c.ListBuckets(t.Context(), ListBucketsRequest{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := f.count(wire.CallAuthorize); n != 2 {
		t.Errorf("authorised %d times, want 2: once to begin with, once after the token expired", n)
	}
}

func TestWrongKeyIsAskedOnce(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallAuthorize, refuses(401, "bad_auth_token", ""))
	c := f.client()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := c.ListBuckets(t.Context(), ListBucketsRequest{})
			if !errors.Is(err, ErrUnauthorized) || strings.Contains(err.Error(), "K-secret") {
				t.Errorf("got %v, want ErrUnauthorized without the key in it", err)
			}
		})
	}
	all.Wait()
	if n := f.count(wire.CallAuthorize); n != 1 {
		t.Errorf("authorised %d times, want 1", n)
	}
}

func TestTokensThatNeverWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallListBuckets, refuses(401, "expired_auth_token", ""))
		_, err := f.client().ListBuckets(t.Context(), ListBucketsRequest{})
		if !errors.Is(err, ErrUnauthorized) {
			t.Errorf("got %v, want ErrUnauthorized", err)
		}
		if n := f.count(wire.CallAuthorize); n > 5 {
			t.Errorf("authorised %d times", n)
		}
	})
}

func TestLostAnswers(t *testing.T) {
	hidden := `{"action":"hide","fileId":"h","fileName":"a","bucketId":"b","contentLength":0,"uploadTimestamp":7}`
	tests := map[string]struct {
		script map[string]handler
		do     func(context.Context, *Client) error
		want   error // with the answer not lost
	}{
		"delete": {
			map[string]handler{wire.CallDeleteVersion: refuses(400, "file_not_present", "File not present: a 1")},
			func(ctx context.Context, c *Client) error { return c.DeleteVersion(ctx, "a", "1", false) }, fs.ErrNotExist,
		},
		"hide": {
			map[string]handler{wire.CallHideFile: refuses(400, "already_hidden", "File already hidden: a"),
				wire.CallListVersions: answers(`{"files":[` + hidden + `],"nextFileName":null,"nextFileId":null}`)},
			func(ctx context.Context, c *Client) error {
				f, err := c.Hide(ctx, "b", "a")
				if err == nil && (f.ID != "h" || f.Action != ActionHide) {
					err = fmt.Errorf("not the hide marker: %+v", f)
				}
				return err
			}, ErrAlreadyHidden,
		},
		"finish": {
			map[string]handler{wire.CallFinishLarge: refuses(400, "bad_request", "No active upload for: L"),
				wire.CallGetFileInfo: answers(`{"action":"upload","fileId":"L","fileName":"a","contentLength":7}`)},
			func(ctx context.Context, c *Client) error {
				_, err := c.FinishLargeFile(ctx, "L", []string{"x", "y"})
				return err
			}, new(Error),
		},
		"cancel": {
			map[string]handler{wire.CallCancelLarge: refuses(400, "bad_request", "No active upload for: L")},
			func(ctx context.Context, c *Client) error { return c.CancelLargeFile(ctx, "L") }, new(Error),
		},
		"create bucket": {
			map[string]handler{wire.CallCreateBucket: refuses(400, "duplicate_bucket_name", "Bucket name is already in use."),
				wire.CallListBuckets: answers(`{"buckets":[{"bucketId":"b","bucketName":"bowline-test"}]}`)},
			func(ctx context.Context, c *Client) error {
				_, err := c.CreateBucket(ctx, CreateBucketRequest{BucketName: "bowline-test"})
				return err
			}, ErrBucketExists,
		},
		"delete bucket": {
			map[string]handler{wire.CallDeleteBucket: refuses(400, "bad_bucket_id", "Bucket b does not exist")},
			func(ctx context.Context, c *Client) error { return c.DeleteBucket(ctx, "b") }, ErrBucketNotFound,
		},
	}
	for name, tt := range tests {
		for _, lost := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				for call, h := range tt.script {
					if changes := call != wire.CallGetFileInfo && call != wire.CallListBuckets && call != wire.CallListVersions; changes && lost {
						h = inTurn(drop, h)
					}
					f.when(call, h)
				}
				err := tt.do(t.Context(), f.client())
				_, isError := errors.AsType[*Error](err)
				switch {
				case lost && err != nil:
					t.Errorf("%s, after a lost answer: %v", name, err)
				case !lost && !errors.Is(err, tt.want) && !(isError && errors.As(tt.want, new(*Error))):
					t.Errorf("%s: got %v, want %v", name, err, tt.want)
				}
			})
		}
	}
}

func TestAnswerThatNeverComes(t *testing.T) {
	for call, limit := range map[string]time.Duration{wire.CallGetFileInfo: answerTime, wire.CallCopyFile: slowAnswerTime} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			copied := answers(`{"action":"copy","fileId":"c","fileName":"a","contentLength":1}`)
			f.when(call, inTurn(hangs, copied))
			c := f.client()
			began := time.Now()
			var err error
			if call == wire.CallCopyFile {
				_, err = c.Copy(t.Context(), CopyRequest{Source: &File{ID: "s", Size: 1}, BucketID: "b", Name: "a"})
			} else {
				_, err = c.FileInfo(t.Context(), "c")
			}
			if err != nil {
				t.Error(err)
			}
			took(t, began, limit, limit+3*time.Second)
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://elsewhere.example.test/b2api/v4/b2_list_file_names", http.StatusFound)
	})
	_, err := f.client().ListBuckets(t.Context(), ListBucketsRequest{})
	if !errors.Is(err, ErrAnswer) || !strings.Contains(err.Error(), "redirect") {
		t.Errorf("got %v, want a refused redirect", err)
	}
	if n := f.count(wire.CallListNames); n != 0 {
		t.Error("the redirect was followed")
	}
}

func TestAddressesWithoutTLSAreRefused(t *testing.T) {
	f := newFake(t)
	tr := f.cfg.Transport.(*http.Transport)
	tr.DialTLSContext = tr.DialContext
	f.cfg.Endpoint = "https://api.example.test"
	if _, err := f.client().Account(t.Context()); !errors.Is(err, ErrAnswer) {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestAnswersAreBounded(t *testing.T) { synctest.Test(t, boundedAnswers) }

func boundedAnswers(t *testing.T) {
	f := newFake(t)
	endless := func(w http.ResponseWriter, start, unit string) {
		unit = strings.Repeat(unit, 1+64<<10/len(unit))
		if _, err := w.Write([]byte(start)); err != nil {
			return
		}
		for range 1 << 30 / len(unit) {
			if _, err := w.Write([]byte(unit)); err != nil {
				return
			}
		}
		t.Error("a gigabyte was read")
	}
	for _, tt := range [][2]string{
		{`{"buckets":[`, " "}, {`{"x":"`, "x"}, {`{"x":`, "["}, {"", "\n"},
	} {
		f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) { endless(w, tt[0], tt[1]) })
		if _, err := f.client().ListBuckets(t.Context(), ListBucketsRequest{}); !errors.Is(err, ErrAnswer) {
			t.Errorf("buckets, %q: %v", tt[0], err)
		}
	}
	for _, tt := range [][2]string{
		{`{"files":[`, `{"fileName":"a"},`}, {`{"files":[{"fileName":"`, "x"}, {`{"files":[{"x":`, "["}, {`{"x":`, `{"x":`},
		{`{"x":"`, "x"}, {`{"files":[],"nextFileName":null,"x":[`, "1,"},
	} {
		f.when(wire.CallListVersions, func(w http.ResponseWriter, r *http.Request) { endless(w, tt[0], tt[1]) })
		for _, err := range f.client().ListVersions(t.Context(), "b", ListOptions{}) {
			if err != nil && !errors.Is(err, ErrAnswer) {
				t.Errorf("page, %q: %v", tt[0], err)
			}
		}
	}
	f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		w.Write(make([]byte, 1<<20))
	})
	if _, err := f.client().ListBuckets(t.Context(), ListBucketsRequest{}); err == nil || len(err.Error()) > 1000 {
		t.Errorf("an error of a megabyte: %.2000v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		err  *Error
		is   error
		not  error
		text string
	}{
		{&Error{Call: "b2_upload_file", Status: 403, Code: "storage_cap_exceeded"}, ErrCapExceeded, fs.ErrPermission, "storage cap"},
		{&Error{Call: "b2_list_file_names", Status: 403, Code: "transaction_cap_exceeded"}, ErrCapExceeded, fs.ErrNotExist, "transaction cap"},
		{&Error{Call: "b2_download_file_by_id", Status: 403, Code: "download_cap_exceeded"}, ErrCapExceeded, ErrUnauthorized, "download cap"},
		{&Error{Call: "b2_get_file_info", Status: 404, Code: "not_found"}, fs.ErrNotExist, ErrBucketNotFound, "404"},
		{&Error{Call: "b2_delete_file_version", Status: 400, Code: "file_not_present"}, fs.ErrNotExist, ErrAlreadyHidden, "file_not_present"},
		{&Error{Call: "b2_hide_file", Status: 400, Code: "already_hidden"}, ErrAlreadyHidden, fs.ErrNotExist, "already_hidden"},
		{&Error{Call: "b2_list_file_names", Status: 400, Code: "bad_bucket_id"}, ErrBucketNotFound, ErrConflict, "bad_bucket_id"},
		{&Error{Call: "b2_update_bucket", Status: 409, Code: "conflict"}, ErrConflict, ErrBucketNotFound, "conflict"},
		{&Error{Call: "b2_authorize_account", Status: 401, Code: "unauthorized"}, ErrUnauthorized, fs.ErrPermission, "unauthorized"},
		{&Error{Call: "b2_list_buckets", Status: 401, Code: "unauthorized"}, fs.ErrPermission, ErrUnauthorized, "unauthorized"},
		{&Error{Call: "b2_delete_file_version", Status: 401, Code: "access_denied"}, fs.ErrPermission, ErrUnauthorized, "access_denied"},
		{&Error{Call: "x", Status: 500, Message: "a\x1b[31mb\nc"}, nil, ErrConflict, "a [31mb c"},
		{&Error{Call: "x", Status: 502}, nil, ErrConflict, "Bad Gateway"},
		{&Error{Call: "x", Cause: context.DeadlineExceeded}, context.DeadlineExceeded, ErrConflict, "deadline"},
	} {
		if tt.is != nil && !errors.Is(tt.err, tt.is) {
			t.Errorf("%v is not %v", tt.err, tt.is)
		}
		if errors.Is(tt.err, tt.not) {
			t.Errorf("%v is %v", tt.err, tt.not)
		}
		if s := tt.err.Error(); !strings.Contains(s, tt.text) || strings.ContainsAny(s, "\n\x1b") {
			t.Errorf("%q, want one line with %q", s, tt.text)
		}
	}
}

func TestSecretsStayHidden(t *testing.T) {
	for _, s := range []string{fmt.Sprint(Secret("hush")), fmt.Sprintf("%v %+v %#v %q %s", Secret("hush"), Account{Token: "hush"},
		Account{Token: "hush"}, Secret("hush"), Config{Key: "hush"}.Key)} {
		if strings.Contains(s, "hush") {
			t.Errorf("printed %s", s)
		}
	}
}

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-48*time.Hour).UTC().Format(http.TimeFormat))
			say(w, 200, noBuckets)
		})
		c := f.client()
		if _, err := c.ListBuckets(t.Context(), ListBucketsRequest{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if ahead := time.Until(c.Now()); ahead < -48*time.Hour-time.Second || ahead > -48*time.Hour+time.Second {
			t.Errorf("the service's clock is %v ahead, want -48h", ahead)
		}
	})
}
