package b2sync_test

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
	"github.com/bowline-sync/bowline/internal/history"
)

// Runs that are interrupted, and those that go on where they were (P9). Here
// the context ends; cmd/b2 has the same with processes that are killed.

const (
	testPart  = 100_000 // bytes of a part
	bigSize   = 20*testPart + 1
	atOnce    = 3 // requests with content
	largeDown = 16_000_000
)

// newResumeLab has a server of small parts, and a client of which a test can
// see and cut what moves.
func newResumeLab(t *testing.T) (*lab, *wire) {
	l := newLab(t, b2test.WithConfig(func(c *b2server.Config) { c.MinPartSize, c.RecommendedPartSize = 1000, testPart }))
	w := &wire{next: l.server.Transport(), asked: map[string]int{}}
	cfg := l.server.ClientConfig()
	cfg.Transport, cfg.Uploads, cfg.Downloads = w, atOnce, atOnce
	l.client = b2.New(cfg)
	return l, w
}

// wire is a transport that counts the content of parts and downloads, and calls
// cut once a number of bytes has passed.
type wire struct {
	next     http.RoundTripper
	up, down atomic.Int64
	limit    atomic.Int64 // of up and down together; 0 for none
	cut      func()
	spoil    atomic.Bool // spoils the next download

	mu    sync.Mutex
	asked map[string]int // calls by name
}

// ask counts a call.
func (w *wire) ask(r *http.Request) {
	_, name, _ := strings.Cut(r.URL.Path, "/b2_")
	name, _, _ = strings.Cut(name, "/")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[name]++
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.ask(r)
	part := strings.Contains(r.URL.Path, "b2_upload_part")
	if part && r.Body != nil {
		r = r.Clone(r.Context())
		r.Body = &counted{r.Body, w, &w.up}
	}
	resp, err := w.next.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "b2_download_file_by_id") {
		resp.Body = &counted{resp.Body, w, &w.down}
	}
	return resp, err
}

type counted struct {
	io.ReadCloser
	w  *wire
	to *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if n > 0 && c.to == &c.w.down && c.w.spoil.CompareAndSwap(true, false) {
		p[0]++
	}
	c.to.Add(int64(n))
	if limit := c.w.limit.Load(); limit > 0 && c.w.up.Load()+c.w.down.Load() >= limit {
		c.w.cut()
	}
	return n, err
}

// record is the memory of one run; it lasts as long as the run.
func (l *lab) record() *history.Uploads {
	return history.OpenUploads(filepath.Join(l.dir, "state"))
}

// interrupted runs until so many bytes of content have passed.
func (l *lab) interrupted(w *wire, after int64, src, dst b2sync.Location, o b2sync.Options) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	w.up.Store(0)
	w.down.Store(0)
	w.cut = cancel
	w.limit.Store(after)
	defer w.limit.Store(0)
	record := l.record()
	o.Uploads = record
	if out := l.syncContext(ctx, src, dst, o); !errors.Is(out.Err, context.Canceled) {
		l.t.Fatalf("the run was not interrupted after %d bytes: %+v", w.up.Load()+w.down.Load(), out.Summary)
	}
	if err := record.Close(); err != nil {
		l.t.Fatal(err)
	}
}

// goesOn runs to the end and counts what passes.
func (l *lab) goesOn(w *wire, src, dst b2sync.Location, o b2sync.Options) outcome {
	l.t.Helper()
	w.up.Store(0)
	w.down.Store(0)
	record := l.record()
	defer record.Close()
	o.Uploads = record
	return l.clean(src, dst, o)
}

func (l *lab) unfinished() (names []string) {
	l.t.Helper()
	for f, err := range l.client.ListUnfinished(l.t.Context(), l.bucket.ID, "") {
		if err != nil {
			l.t.Fatal(err)
		}
		names = append(names, f.Name)
	}
	return names
}

// content is the newest content of a name in the bucket.
func (l *lab) content(name string) string {
	l.t.Helper()
	o, err := l.client.Open(l.t.Context(), b2.OpenRequest{Bucket: l.bucket.Name, Name: name})
	if err != nil {
		l.t.Fatal(err)
	}
	defer o.Close()
	b, err := io.ReadAll(o)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

func (l *lab) records() (names []string) {
	entries, err := os.ReadDir(filepath.Join(l.dir, "state", "uploads"))
	if err != nil && !os.IsNotExist(err) {
		l.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func random(n int) string {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return string(b)
}

// mostAgain is how many bytes one interruption may cost: the parts in flight.
const mostAgain = atOnce * testPart

func TestP9UploadGoesOn(t *testing.T) {
	for _, o := range []b2sync.Options{{}, {NoLargeSHA1: true}, {DestinationSSE: &b2.SSE{Mode: "SSE-B2"}}} {
		t.Run(fmt.Sprintf("%v,%v", o.NoLargeSHA1, o.DestinationSSE), func(t *testing.T) {
			l, w := newResumeLab(t)
			big := random(bigSize)
			l.write("src/big", big, moment(1))
			l.write("src/small", "small", moment(1))
			l.put("big", "old", moment(0))
			var sent int64
			for range 3 {
				l.interrupted(w, 5*testPart, l.folder("src"), l.at(""), o)
				sent += w.up.Load()
			}
			want(t, "unfinished", l.unfinished(), "big")
			l.server.ResetCalls()
			l.goesOn(w, l.folder("src"), l.at(""), o)
			sent += w.up.Load()
			if sent > bigSize+3*mostAgain+100*40 {
				t.Errorf("sent %d bytes of %d", sent, bigSize)
			}
			if n := l.server.Calls()["b2_list_unfinished_large_files"]; n != 1 {
				t.Errorf("unfinished files were listed %d times", n)
			}
			if l.content("big") != big {
				t.Error("the object is not the file")
			}
			// A small file may be there twice: the server may store it after an
			// interrupted run has gone, and after the next one has looked.
			want(t, "versions", slices.Compact(l.versions()), fmt.Sprintf("big upload %d", bigSize), "big upload 3", "small upload 5")
			want(t, "record", l.records())

			// Nothing large, nothing remembered: nobody asks.
			l.server.ResetCalls()
			l.goesOn(w, l.folder("src"), l.at(""), o)
			if n := l.server.Calls()["b2_list_unfinished_large_files"]; n != 0 {
				t.Errorf("unfinished files were listed %d times in a run that does nothing", n)
			}
		})
	}
}

// TestP9LeftoversOfOurs interrupts an upload and then makes it useless.
func TestP9LeftoversOfOurs(t *testing.T) {
	for what, change := range map[string]func(l *lab){
		"the source changed":  func(l *lab) { l.write("src/big", random(bigSize-7), moment(2)) },
		"the source is small": func(l *lab) { l.write("src/big", "small", moment(2)) },
		"the source is gone":  func(l *lab) { os.Remove(filepath.Join(l.dir, "src", "big")) },
		"it is too old":       func(l *lab) { l.server.Advance(l.t, 7*24*time.Hour+time.Minute) },
		"there is a newer version": func(l *lab) {
			l.server.Advance(l.t, time.Second)
			l.put("big", "newer", moment(0))
		},
		"its name is hidden since": func(l *lab) {
			l.put("big", "newer", moment(0))
			l.hide("big")
		},
	} {
		t.Run(what, func(t *testing.T) {
			l, w := newResumeLab(t)
			big := random(bigSize)
			l.write("src/a", "a", moment(1))
			l.write("src/big", big, moment(1))
			l.interrupted(w, 5*testPart, l.folder("src"), l.at(""), b2sync.Options{})
			want(t, "unfinished", l.unfinished(), "big")
			change(l)
			l.goesOn(w, l.folder("src"), l.at(""), b2sync.Options{})
			want(t, "unfinished", l.unfinished())
			want(t, "record", l.records())
			file, err := os.ReadFile(filepath.Join(l.dir, "src", "big"))
			if err == nil && l.content("big") != string(file) {
				t.Error("the object is not the file")
			}
			if err == nil && len(file) > testPart && w.up.Load() < int64(len(file)) {
				t.Errorf("sent only %d bytes", w.up.Load())
			}
		})
	}
}

// TestP9NotOurs leaves alone what may be somebody else's: started with other
// words, or under another name.
func TestP9NotOurs(t *testing.T) {
	l, w := newResumeLab(t)
	big := random(bigSize)
	l.write("src/big", big, moment(1))
	sum := fmt.Sprintf("%x", sha1.Sum([]byte(big)))
	start := func(name, kind string, when time.Time) {
		if _, err := l.client.StartLargeFile(t.Context(), b2.StartLargeFileRequest{BucketID: l.bucket.ID, FileName: name, ContentType: kind,
			FileInfo: map[string]string{"src_last_modified_millis": fmt.Sprint(when.UnixMilli()), "large_file_sha1": sum}}); err != nil {
			t.Fatal(err)
		}
	}
	start("big", "b2/x-auto", moment(2))
	start("other", "b2/x-auto", moment(1))
	l.goesOn(w, l.folder("src"), l.at(""), b2sync.Options{})
	want(t, "unfinished", l.unfinished(), "big", "other")
}

// TestP9NotOursToCancel goes on with a file that nobody remembers, and fails:
// whoever started it may still want it. One of ours is cancelled.
func TestP9NotOursToCancel(t *testing.T) {
	for _, ours := range []bool{false, true} {
		l, w := newResumeLab(t)
		l.write("src/big", random(bigSize), moment(1))
		l.interrupted(w, 5*testPart, l.folder("src"), l.at(""), b2sync.Options{})
		left := []string{}
		if !ours {
			if err := os.RemoveAll(filepath.Join(l.dir, "state")); err != nil {
				t.Fatal(err)
			}
			left = []string{"big"}
		}
		w.limit.Store(w.up.Load() + 1)
		w.cut = func() { l.write("src/big", "changed while it is read", moment(2)) }
		record := l.record()
		l.clean(l.folder("src"), l.at(""), b2sync.Options{Uploads: record})
		record.Close()
		want(t, "unfinished", l.unfinished(), left...)
		if l.content("big") != "changed while it is read" {
			t.Error("the object is not the file")
		}
	}
}

// TestP9PartsAreCompared changes the source without a trace in its time and
// size: the parts that are stored are of the old one.
func TestP9PartsAreCompared(t *testing.T) {
	for _, o := range []b2sync.Options{{}, {NoLargeSHA1: true}} {
		l, w := newResumeLab(t)
		big := random(bigSize)
		l.write("src/big", big, moment(1))
		l.interrupted(w, 5*testPart, l.folder("src"), l.at(""), o)
		l.write("src/big", big[1:]+"x", moment(1))
		l.goesOn(w, l.folder("src"), l.at(""), o)
		if l.content("big") != big[1:]+"x" {
			t.Error("the object is not the file")
		}
	}
}

// TestP9RunUnderWay has a run whose upload is unfinished, and lets another, of
// the same source, come and go meanwhile.
func TestP9RunUnderWay(t *testing.T) {
	l, w := newResumeLab(t)
	big := random(bigSize)
	l.write("src/big", big, moment(1))
	first := l.record()
	defer first.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.cut = func() {
		w.limit.Store(0)
		l.goesOn(&wire{}, l.folder("src"), b2sync.Bucket(l.server.Client(t), l.bucket, ""), b2sync.Options{})
		want(t, "unfinished, of the first", l.unfinished(), "big")
	}
	w.limit.Store(5 * testPart)
	if out := l.syncContext(ctx, l.folder("src"), l.at(""), b2sync.Options{Uploads: first}); !out.OK() {
		t.Fatalf("the first run failed: %v", out.lines)
	}
	want(t, "unfinished", l.unfinished())
	if l.content("big") != big {
		t.Error("the object is not the file")
	}
	want(t, "versions", l.versions(), fmt.Sprintf("big upload %d", bigSize), fmt.Sprintf("big upload %d", bigSize))
}

// TestP9TwoRunsWithoutRecord lets two runs that know nothing of each other work
// on one unfinished file.
func TestP9TwoRunsWithoutRecord(t *testing.T) {
	l, w := newResumeLab(t)
	big := random(bigSize)
	l.write("src/big", big, moment(1))
	l.interrupted(w, 5*testPart, l.folder("src"), l.at(""), b2sync.Options{})
	done := make(chan outcome, 2)
	for range 2 {
		go func() {
			done <- l.sync(l.folder("src"), b2sync.Bucket(l.server.Client(t), l.bucket, ""), b2sync.Options{})
		}()
	}
	for range 2 {
		if out := <-done; !out.OK() {
			t.Errorf("a run failed: %q", out.lines)
		}
	}
	if l.content("big") != big {
		t.Error("the object is not the file")
	}
}

func (l *lab) temporary(folder string) (names []string) {
	l.t.Helper()
	paths, err := filepath.Glob(filepath.Join(l.dir, folder, ".b2sync-*"))
	if err != nil {
		l.t.Fatal(err)
	}
	for _, p := range paths {
		names = append(names, filepath.Ext(p))
	}
	return names
}

func TestP9DownloadGoesOn(t *testing.T) {
	for _, streams := range []int{1, 3} {
		for _, fsync := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d streams, fsync %v", streams, fsync), func(t *testing.T) {
				l, w := newResumeLab(t)
				o := b2sync.Options{Streams: streams, Fsync: fsync}
				big := random(largeDown + 1000)
				l.put("big", big, moment(1))
				var got int64
				for range 3 {
					l.interrupted(w, 3<<20, l.at(""), l.folder("dst"), o)
					got += w.down.Load()
					want(t, "left behind", l.temporary("dst"), ".journal", ".part")
				}
				l.goesOn(w, l.at(""), l.folder("dst"), o)
				if got += w.down.Load(); got > int64(len(big))+3*int64(streams)*1<<20 {
					t.Errorf("fetched %d bytes of %d", got, len(big))
				}
				want(t, "left behind", l.temporary("dst"))
				if b, _ := os.ReadFile(filepath.Join(l.dir, "dst", "big")); string(b) != big {
					t.Error("the file is not the object")
				}
			})
		}
	}
}

// TestP9DownloadStartsOver has what an earlier run left behind be of no use.
func TestP9DownloadStartsOver(t *testing.T) {
	big, other := random(largeDown), strings.Repeat("other", largeDown/5)
	for what, change := range map[string]func(l *lab, w *wire){
		"another version": func(l *lab, w *wire) { l.put("big", other, moment(2)) },
		"what is there is spoilt": func(l *lab, w *wire) {
			paths, _ := filepath.Glob(filepath.Join(l.dir, "dst", ".b2sync-*.part"))
			f, err := os.OpenFile(paths[0], os.O_WRONLY, 0)
			if err != nil {
				l.t.Fatal(err)
			}
			f.WriteAt([]byte("spoilt"), 1000)
			f.Close()
		},
		"what comes is spoilt": func(l *lab, w *wire) { w.spoil.Store(true) },
	} {
		t.Run(what, func(t *testing.T) {
			l, w := newResumeLab(t)
			l.put("big", big, moment(1))
			l.interrupted(w, 4<<20, l.at(""), l.folder("dst"), b2sync.Options{})
			change(l, w)
			l.goesOn(w, l.at(""), l.folder("dst"), b2sync.Options{})
			if b, _ := os.ReadFile(filepath.Join(l.dir, "dst", "big")); string(b) != l.content("big") {
				t.Error("the file is not the object")
			}
			want(t, "left behind", l.temporary("dst"))
		})
	}
}

// TestP9LeftoversOfDownloads removes what nobody needs, and only that.
func TestP9LeftoversOfDownloads(t *testing.T) {
	l, w := newResumeLab(t)
	gone := l.put("d/gone", random(largeDown), moment(1))
	l.put("keep", "x", moment(1))
	l.interrupted(w, 4<<20, l.at(""), l.folder("dst"), b2sync.Options{})
	if err := l.client.DeleteVersion(t.Context(), gone.Name, gone.ID, false); err != nil {
		t.Fatal(err)
	}
	// A run that leaves the name out leaves its remains alone, as does a dry one.
	others, err := b2sync.NewNameFilter(b2sync.FilterSpec{ExcludeRegex: []string{"d/gone"}})
	if err != nil {
		t.Fatal(err)
	}
	l.clean(l.at(""), l.folder("dst"), b2sync.Options{Names: others})
	l.clean(l.at(""), l.folder("dst"), b2sync.Options{DryRun: true})
	want(t, "left behind", l.temporary("dst/d"), ".journal", ".part")
	l.goesOn(w, l.at(""), l.folder("dst"), b2sync.Options{})
	want(t, "files", l.files("dst"), "keep=x")

	l.write("dst/.b2sync-0123456789abcdef.part", "of a small one that was killed", moment(1))
	l.write("dst/x.b2.sync.tmp", "the reference's", moment(1))
	l.clean(l.at(""), l.folder("dst"), b2sync.Options{})
	want(t, "files", l.files("dst"), "keep=x", "x.b2.sync.tmp=the reference's")
}

// TestP9CopyLeavesNothing interrupts a copy in parts: it cannot be gone on
// with, so the next run cancels it.
func TestP9CopyLeavesNothing(t *testing.T) {
	l := newLab(t)
	record := l.record()
	f, err := l.client.StartLargeFile(t.Context(), b2.StartLargeFileRequest{BucketID: l.bucket.ID, FileName: "dst/copy", ContentType: "text/plain"})
	if err != nil {
		t.Fatal(err)
	}
	record.Started(b2sync.StartedUpload{BucketID: l.bucket.ID, Name: "dst/copy", ID: f.ID})
	record.Close()
	l.put("src/a", "a", moment(1))
	l.goesOn(&wire{}, l.at("src"), l.at("dst"), b2sync.Options{})
	want(t, "unfinished", l.unfinished())
	want(t, "record", l.records())
}

// TestP9LostStart loses the answer to the start of a large file: what was started
// all the same is taken, so nothing stays behind unfinished.
func TestP9LostStart(t *testing.T) {
	l, w := newResumeLab(t)
	big := random(bigSize)
	l.write("src/big", big, moment(1))
	l.server.Fail("b2_start_large_file", 1, b2test.ResetAfter())
	l.goesOn(w, l.folder("src"), l.at(""), b2sync.Options{})
	want(t, "unfinished", l.unfinished())
	want(t, "versions", l.versions(), fmt.Sprintf("big upload %d", bigSize))
	want(t, "record", l.records())
	if l.content("big") != big {
		t.Error("the object is not the file")
	}
}

// TestP9LostStartWithoutSHA1 is the same with nothing announced of the content.
// Then the modification time must do, if only one file has it.
func TestP9LostStartWithoutSHA1(t *testing.T) {
	for others := range 2 {
		l, w := newResumeLab(t)
		big := random(bigSize)
		l.write("src/big", big, moment(1))
		start := func() {
			_, err := l.client.StartLargeFile(t.Context(), b2.StartLargeFileRequest{BucketID: l.bucket.ID, FileName: "big", ContentType: "application/octet-stream",
				FileInfo: map[string]string{"src_last_modified_millis": fmt.Sprint(moment(1).UnixMilli())}})
			if err != nil {
				t.Error(err)
			}
		}
		l.server.Fail("b2_start_large_file", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			for range others {
				start()
			}
			b2test.ResetAfter()(w, r, server)
		})
		l.goesOn(w, l.folder("src"), l.at(""), b2sync.Options{NoLargeSHA1: true})
		var left []string
		if others > 0 {
			left = []string{"big", "big"} // which of them is ours, nobody knows
		}
		want(t, "unfinished", l.unfinished(), left...)
		want(t, "record", l.records())
		if l.content("big") != big {
			t.Error("the object is not the file")
		}
	}
}

// TestP9StoppedStart ends the run while the service starts a large file: what was
// started is in the record, so that a later run may cancel it.
func TestP9StoppedStart(t *testing.T) {
	l, _ := newResumeLab(t)
	l.write("src/big", random(bigSize), moment(1))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l.server.Fail("b2_start_large_file", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		cancel()
		server.ServeHTTP(w, r)
	})
	record := l.record()
	out := l.syncContext(ctx, l.folder("src"), l.at(""), b2sync.Options{Uploads: record})
	if !errors.Is(out.Err, context.Canceled) || record.Close() != nil {
		t.Fatal(out.Err)
	}
	want(t, "unfinished", l.unfinished(), "big")
	if left := l.record().Left(l.bucket.ID, ""); len(left) != 1 {
		t.Errorf("the record has %v", left)
	}
}

// TestP9LostStartAmongOthers has others start files of the same name: those that
// are not surely of the same content are left alone.
func TestP9LostStartAmongOthers(t *testing.T) {
	l, w := newResumeLab(t)
	big := random(bigSize)
	l.write("src/big", big, moment(1))
	sum := sha1.Sum([]byte(big))
	start := func(hash string) string {
		f, err := l.client.StartLargeFile(t.Context(), b2.StartLargeFileRequest{BucketID: l.bucket.ID, FileName: "big", ContentType: "application/octet-stream",
			FileInfo: map[string]string{"src_last_modified_millis": fmt.Sprint(moment(1).UnixMilli()), "large_file_sha1": hash}})
		if err != nil {
			t.Fatal(err)
		}
		return f.ID
	}
	begun := start(fmt.Sprintf("%x", sum))
	if _, err := l.client.UploadPart(t.Context(), b2.UploadPartRequest{FileID: begun, Number: 1, Content: strings.NewReader("else"), Size: 4}); err != nil {
		t.Fatal(err)
	}
	start("0123456789012345678901234567890123456789")
	l.server.Fail("b2_start_large_file", 1, b2test.ResetBefore())
	l.goesOn(w, l.folder("src"), l.at(""), b2sync.Options{})
	want(t, "unfinished", l.unfinished(), "big", "big")
	if l.content("big") != big {
		t.Error("the object is not the file")
	}
}
