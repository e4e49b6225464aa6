package b2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// entry is a version in a listing.
func entry(action, name, id string) string {
	return fmt.Sprintf(`{"action":%q,"fileName":%q,"fileId":%q,"contentLength":1,"fileInfo":{},"uploadTimestamp":1}`, action, name, id)
}

func upload(name string) string { return entry("upload", name, "id-"+name) }

// aPage is an answer of a listing; next "" is the end.
func aPage(next string, entries ...string) string {
	if next == "" {
		next = "null"
	} else {
		next = fmt.Sprintf("%q", next)
	}
	return `{"files":[` + strings.Join(entries, ",") + `],"nextFileName":` + next + `,"nextFileId":null}`
}

// names collects a listing.
func names(seq iter.Seq2[File, error]) (list []string, err error) {
	for f, e := range seq {
		if e != nil {
			return list, e
		}
		list = append(list, f.Name)
	}
	return list, nil
}

func want[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestListPages(t *testing.T) {
	f := newFake(t)
	var asked []wire.ListFileNamesRequest
	pages := []string{aPage("b", upload("a")), aPage("c"), aPage("", upload("c"), upload("d"))}
	f.when(wire.CallListNames, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, bodyOf[wire.ListFileNamesRequest](t, r))
		say(w, 200, pages[len(asked)-1])
	})
	var units []int
	f.cfg.Observe = func(a Attempt) {
		if a.Call == wire.CallListNames {
			units = append(units, a.Units)
		}
	}
	got, err := names(f.client().ListNames(t.Context(), "b", ListOptions{PageSize: 5}))
	want(t, err, nil)
	want(t, got, []string{"a", "c", "d"})
	want(t, len(asked), 3)
	want(t, asked[0], wire.ListFileNamesRequest{BucketID: "b", MaxFileCount: new(5)})
	want(t, asked[2], wire.ListFileNamesRequest{BucketID: "b", StartFileName: new("c"), MaxFileCount: new(5)})
	want(t, units, []int{1, 1, 1})
}

func TestListUnits(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallListNames, func(w http.ResponseWriter, r *http.Request) { w.Write(flatPage(2001)) })
	var units int
	f.cfg.Observe = func(a Attempt) { units = a.Units }
	if _, err := names(f.client().ListNames(t.Context(), "b", ListOptions{})); err != nil {
		t.Fatal(err)
	}
	want(t, units, 3)
}

func TestListStopsAtEnd(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallListNames, answers(aPage("b", upload("a"), upload("ab"))))
	got, err := names(f.client().ListNames(t.Context(), "b", ListOptions{End: "b"}))
	want(t, err, nil)
	want(t, got, []string{"a", "ab"})
	want(t, f.count(wire.CallListNames), 1)

	got, err = names(f.client().ListNames(t.Context(), "b", ListOptions{End: "ab"}))
	want(t, err, nil)
	want(t, got, []string{"a"})
	want(t, f.count(wire.CallListNames), 2)
}

func TestListRefusesDisorder(t *testing.T) {
	for _, tt := range []struct {
		o     ListOptions
		pages []string
	}{
		{ListOptions{}, []string{aPage("", upload("b"), upload("a"))}},
		{ListOptions{}, []string{aPage("", upload("a"), entry("upload", "a", "2"))}},
		{ListOptions{}, []string{aPage("c", upload("b")), aPage("", upload("a"))}},
		{ListOptions{Prefix: "p/"}, []string{aPage("", upload("p"))}},
		{ListOptions{Start: "m"}, []string{aPage("", upload("a"))}},
		{ListOptions{}, []string{aPage("a", upload("b"))}},
		{ListOptions{Start: "b"}, []string{aPage("b"), aPage("b")}},
	} {
		f := newFake(t)
		f.when(wire.CallListNames, func(w http.ResponseWriter, r *http.Request) {
			say(w, 200, tt.pages[min(f.count(wire.CallListNames), len(tt.pages))-1])
		})
		_, err := names(f.client().ListNames(t.Context(), "b", tt.o))
		if !errors.Is(err, ErrListOrder) && !errors.Is(err, ErrAnswer) {
			t.Errorf("%q: %v", tt.pages, err)
		}
		if n := f.count(wire.CallListNames); n > 2 {
			t.Errorf("%q: asked %d times", tt.pages, n)
		}
	}
}

// A page may be empty, but a listing that goes on and on with nothing in it is
// none, though each page lies ahead of the one before.
func TestListsThatLeadNowhere(t *testing.T) {
	f := newFake(t)
	for call, next := range map[string]string{
		wire.CallListNames:      `{"files":[],"nextFileName":"%06d"}`,
		wire.CallListVersions:   `{"files":[],"nextFileName":"%06d","nextFileId":null}`,
		wire.CallListUnfinished: `{"files":[],"nextFileId":"%06d"}`,
		wire.CallListParts:      `{"parts":[],"nextPartNumber":1%06d}`,
		wire.CallListKeys:       `{"keys":[],"nextApplicationKeyId":"%06d"}`,
	} {
		f.when(call, func(w http.ResponseWriter, r *http.Request) {
			n := f.count(call)
			if n > 2*mostEmpty {
				refuse(w, 400, "bad_request", "enough of this")
				return
			}
			say(w, 200, fmt.Sprintf(next, n))
		})
	}
	for call, err := range lastErrors(t, f.client()) {
		if !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: %v", call, err)
		}
		want(t, f.count(call), mostEmpty)
	}
}

// lastErrors is what each kind of listing ends with.
func lastErrors(t *testing.T, c *Client) map[string]error {
	ended := map[string]error{}
	_, ended[wire.CallListNames] = names(c.ListNames(t.Context(), "b", ListOptions{}))
	_, ended[wire.CallListVersions] = names(c.ListVersions(t.Context(), "b", ListOptions{}))
	_, ended[wire.CallListUnfinished] = names(c.ListUnfinished(t.Context(), "b", ""))
	for _, err := range c.ListParts(t.Context(), "L") {
		ended[wire.CallListParts] = err
	}
	for _, err := range c.ListKeys(t.Context()) {
		ended[wire.CallListKeys] = err
	}
	return ended
}

// Empty pages on the way past hidden names are followed.
func TestListPastEmptyPages(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallListNames, func(w http.ResponseWriter, r *http.Request) {
		switch n := f.count(wire.CallListNames); {
		case n == mostEmpty || n == 2*mostEmpty:
			say(w, 200, aPage(fmt.Sprintf("%06d ", n), upload(fmt.Sprintf("%06d", n))))
		case n < 3*mostEmpty-1:
			say(w, 200, aPage(fmt.Sprintf("%06d", n)))
		default:
			say(w, 200, aPage("", upload("z")))
		}
	})
	got, err := names(f.client().ListNames(t.Context(), "b", ListOptions{}))
	want(t, err, nil)
	want(t, len(got), 3)
}

func TestListGoesOnWhereItBroke(t *testing.T) {
	for _, call := range []string{wire.CallListNames, wire.CallListVersions} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			var asked []wire.ListFileVersionsRequest
			whole := aPage("", upload("a"), upload("b"), upload("c"))
			cut := func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
				io.WriteString(w, whole[:strings.Index(whole, `"c"`)])
				w.(http.Flusher).Flush()
				<-r.Context().Done() // no byte moves: cut after 30 s
			}
			rest := answers(aPage("", upload("b"), upload("c")))
			script := inTurn(cut, rest)
			f.when(call, func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, bodyOf[wire.ListFileVersionsRequest](t, r))
				script(w, r)
			})
			c := f.client()
			list := c.ListNames
			if call == wire.CallListVersions {
				list = c.ListVersions
			}
			began := time.Now()
			got, err := names(list(t.Context(), "b", ListOptions{}))
			want(t, err, nil)
			want(t, got, []string{"a", "b", "c"})
			took(t, began, stallTime, stallTime+3*time.Second)
			want(t, len(asked), 2)
			want(t, text(asked[1].StartFileName), "b")
			want(t, text(asked[1].StartFileID), map[bool]string{true: "id-b"}[call == wire.CallListVersions])
		})
	}
}

func TestListWaitsForItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallListNames, func(w http.ResponseWriter, r *http.Request) { w.Write(flatPage(2000)) })
		n := 0
		for _, err := range f.client().ListNames(t.Context(), "b", ListOptions{PageSize: 2000}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 10 {
				time.Sleep(6 * time.Hour) // a slow reader is no stall
			}
		}
		want(t, n, 2000)
		want(t, f.count(wire.CallListNames), 1)
	})
}

func TestNextPageIsAskedForAhead(t *testing.T) {
	f := newFake(t)
	second := make(chan struct{})
	f.when(wire.CallListNames, inTurn(answers(aPage("c", upload("a"), upload("b"))), func(w http.ResponseWriter, r *http.Request) {
		close(second)
		say(w, 200, aPage("", upload("c")))
	}))
	for file, err := range f.client().ListNames(t.Context(), "b", ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if file.Name == "a" {
			<-second // hangs unless the next page is asked for while this one is being read
		}
	}
}

func TestListPastHiddenNames(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallListNames, inTurn(answers(aPage("b", upload("a"))),
		refuses(503, "bad_request", "Timed out while iterating and skipping files")))
	f.when(wire.CallListVersions, answers(aPage("", entry("hide", "b", "3"), upload("b"), entry("start", "c", "9"),
		upload("c"), entry("upload", "c", "old"), upload("d"))))
	got, err := names(f.client().ListNames(t.Context(), "b", ListOptions{}))
	want(t, err, nil)
	want(t, got, []string{"a", "c", "d"})
}

func TestListEndsWithAnError(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallListNames, inTurn(answers(aPage("b", upload("a"))), refuses(400, "bad_bucket_id", "gone")))
	seq := f.client().ListNames(t.Context(), "b", ListOptions{})
	got, err := names(seq)
	want(t, got, []string{"a"})
	if !errors.Is(err, ErrBucketNotFound) {
		t.Errorf("got %v, want ErrBucketNotFound", err)
	}
}

func TestCancelledListIsNoWholeList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.when(wire.CallListNames, inTurn(answers(aPage("b", upload("a"))), hangs))
		ctx, cancel := contextWith(t, 5*time.Second)
		defer cancel()
		_, err := names(f.client().ListNames(ctx, "b", ListOptions{}))
		if err == nil {
			t.Error("a listing that was cut off ended without an error")
		}
	})
}

func TestListCanBeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a goroutine left behind would fail the bubble
		f := newFake(t)
		f.when(wire.CallListNames, func(w http.ResponseWriter, r *http.Request) { w.Write(flatPage(10_000)) })
		for range f.client().ListNames(t.Context(), "b", ListOptions{}) {
			break
		}
	})
}

// millions lists n usual entries without holding them.
type millions int

func (n millions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req wire.ListFileNamesRequest
	if err := jsonIn(r, &req); err != nil {
		refuse(w, 400, "bad_json", err.Error())
		return
	}
	first := 0
	if req.StartFileName != nil {
		fmt.Sscanf((*req.StartFileName)[len("dir00000/file-"):], "%d", &first)
	}
	last := min(first+*req.MaxFileCount, int(n))
	var b bytes.Buffer
	b.WriteString(`{"files":[`)
	for i := first; i < last; i++ {
		if i > first {
			b.WriteByte(',')
		}
		writeEntry(&b, i)
		if b.Len() > 32<<10 {
			w.Write(b.Bytes())
			b.Reset()
		}
	}
	if last < int(n) {
		fmt.Fprintf(&b, `],"nextFileName":"dir%05d/file-%010d.txt"}`, last/100, last)
	} else {
		b.WriteString(`],"nextFileName":null}`)
	}
	w.Write(b.Bytes())
}

// A listing of any length takes the memory of a page and a bit.
func TestListMemory(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	f := newFake(t)
	f.when(wire.CallListNames, millions(n).ServeHTTP)
	c := f.client()
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak uint64
	var count atomic.Int64
	for _, err := range c.ListNames(t.Context(), "b", ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if count.Add(1)%20_000 == 0 {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapInuse)
		}
	}
	want(t, count.Load(), int64(n))
	if grown := int64(peak) - int64(before.HeapInuse); grown > 25<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	} else {
		t.Logf("the heap grew by %d KiB", grown>>10)
	}
}

func TestOtherLists(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallListKeys, inTurn(answers(`{"keys":[{"applicationKeyId":"1"}],"nextApplicationKeyId":"2"}`),
		answers(`{"keys":[{"applicationKeyId":"2"}],"nextApplicationKeyId":null}`)))
	f.when(wire.CallListParts, inTurn(answers(`{"parts":[{"partNumber":1}],"nextPartNumber":2}`),
		answers(`{"parts":[{"partNumber":2}],"nextPartNumber":2}`)))
	f.when(wire.CallListUnfinished, answers(aPage("", entry("start", "a", "1"))))
	c := f.client()
	var keys []string
	for k, err := range c.ListKeys(t.Context()) {
		want(t, err, nil)
		keys = append(keys, k.ApplicationKeyID)
	}
	want(t, keys, []string{"1", "2"})
	var last error
	for _, err := range c.ListParts(t.Context(), "L") {
		last = err
	}
	if !errors.Is(last, ErrAnswer) {
		t.Errorf("parts that lead nowhere: %v", last)
	}
	got, err := names(c.ListUnfinished(t.Context(), "b", ""))
	want(t, err, nil)
	want(t, got, []string{"a"})
}

func TestBucketByName(t *testing.T) {
	f := newFake(t)
	f.when(wire.CallListBuckets, func(w http.ResponseWriter, r *http.Request) {
		if req := bodyOf[ListBucketsRequest](t, r); *req.BucketName == "there" && req.AccountID == "acc" {
			say(w, 200, `{"buckets":[{"bucketId":"1","bucketName":"there"}]}`)
			return
		}
		say(w, 200, noBuckets)
	})
	c := f.client()
	ref, err := c.BucketByName(t.Context(), "there")
	want(t, err, nil)
	want(t, ref, BucketRef{"1", "there"})
	if _, err := c.BucketByName(t.Context(), "nowhere"); !errors.Is(err, ErrBucketNotFound) {
		t.Errorf("got %v, want ErrBucketNotFound", err)
	}
	made := f.count(wire.CallListBuckets)
	f.cfg.Account = &Account{ID: "acc", Token: "t", APIURL: "http://api.example.test", Allowed: Allowed{Buckets: []BucketRef{{"7", "mine"}, {"8", ""}}}}
	c = f.client()
	ref, err = c.BucketByName(t.Context(), "mine")
	want(t, err, nil)
	want(t, ref, BucketRef{"7", "mine"})
	for _, name := range []string{"", "there"} {
		if _, err := c.BucketByName(t.Context(), name); !errors.Is(err, ErrBucketNotFound) {
			t.Errorf("%q: got %v, want ErrBucketNotFound", name, err)
		}
	}
	want(t, f.count(wire.CallListBuckets), made)
}

func TestAuthorize(t *testing.T) {
	f := newFake(t)
	f.authorize = `{ "accountId": "a30f20426f0b1", "authorizationToken": "4_005", "applicationKeyExpirationTimestamp": 1893456000000,
  "apiInfo": { "storageApi": { "allowed": {
        "buckets": [ { "id": "e73ede9969c64355ef8b0012", "name": "backups-jo" }, { "id": "e73ede9969c64355ef8b0034", "name": null } ],
        "capabilities": ["listBuckets", "listFiles"], "namePrefix": "nightly/" },
      "apiUrl": "https://api005.example.test", "downloadUrl": "https://f005.example.test", "s3ApiUrl": "https://s3.us-east-005.example.test",
      "absoluteMinimumPartSize": 5000000, "recommendedPartSize": 100000000 } } }`
	var stored *Account
	f.cfg.OnAuthorize = func(a *Account) { stored = a }
	a, err := f.client().Authorize(t.Context())
	want(t, err, nil)
	want(t, stored, a)
	want(t, *a, Account{ID: "a30f20426f0b1", KeyID: "0001", Token: "4_005", APIURL: "https://api005.example.test",
		DownloadURL: "https://f005.example.test", S3APIURL: "https://s3.us-east-005.example.test", MinPartSize: 5000000,
		RecommendedPartSize: 100000000, KeyExpires: time.UnixMilli(1893456000000),
		Allowed: Allowed{Buckets: []BucketRef{{"e73ede9969c64355ef8b0012", "backups-jo"}, {"e73ede9969c64355ef8b0034", ""}},
			Capabilities: []string{"listBuckets", "listFiles"}, Prefix: "nightly/"}})
	if !a.Allowed.Can("listFiles") || a.Allowed.Can("writeFiles") || slices.Contains(a.Allowed.Capabilities, "") {
		t.Error("capabilities are not what the answer says")
	}
}
