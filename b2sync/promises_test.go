package b2sync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// The tests of this file are named after the promises of docs/promises.md. Each
// has been seen to fail with the rule that keeps the promise taken out.

// refusal is an answer that no retry helps.
var refusal = b2test.Answer(400, "bad_request", 0)

var deleting = b2sync.Options{Extraneous: b2sync.ExtraneousDeleted}

func TestP1NewBeforeOld(t *testing.T) {
	l := newLab(t)
	l.put("a", "old", moment(1))
	l.write("src/a", "new", moment(9))
	l.server.Fail("b2_upload_file", 1, refusal)
	out := l.sync(l.folder("src"), l.at(""), deleting)
	if out.OK() || out.Failed != 1 {
		t.Errorf("a failed upload was not reported: %+v", out.Summary)
	}
	want(t, "versions after a failed upload", l.versions(), "a upload 3")
	l.clean(l.folder("src"), l.at(""), deleting)
	want(t, "versions after the upload", l.versions(), "a upload 3")
}

// TestP1OldestFirst lets the deletes of a removed name end half way: what is
// left must be the newest, so that old content does not come back.
func TestP1OldestFirst(t *testing.T) {
	l := newLab(t)
	l.put("gone", "1", moment(1))
	l.put("gone", "22", moment(2))
	l.put("gone", "333", moment(3))
	l.write("src/stays", "", moment(1))
	l.server.FailAfter("b2_delete_file_version", 1, 1, refusal)
	if out := l.sync(l.folder("src"), l.at(""), deleting); out.OK() {
		t.Error("a failed delete was not reported")
	}
	want(t, "versions after the second delete failed", l.versions(),
		"gone upload 3", "gone upload 2", "stays upload 0")
}

// TestP1HideMarkerLast does the same for a hidden name: its marker goes last.
func TestP1HideMarkerLast(t *testing.T) {
	l := newLab(t)
	l.put("gone", "1", moment(1))
	l.hide("gone")
	l.write("src/stays", "", moment(1))
	l.server.Fail("b2_delete_file_version", 1, refusal)
	l.sync(l.folder("src"), l.at(""), deleting)
	want(t, "versions after the first delete failed", l.versions(),
		"gone hide 0", "gone upload 1", "stays upload 0")
	if names := l.names(); len(names) != 1 {
		t.Errorf("old content came back: %q", names)
	}
}

func TestP2DanglingLinkProtects(t *testing.T) {
	l := newLab(t)
	l.write("src/a", "a", moment(1))
	l.put("disk", "x", moment(1))
	l.put("disk/deep/file", "x", moment(1))
	l.put("disk.txt", "x", moment(1))
	if err := os.Symlink("/nonexistent/disk", filepath.Join(l.dir, "src", "disk")); err != nil {
		t.Fatal(err)
	}
	out := l.sync(l.folder("src"), l.at(""), deleting)
	want(t, "names", l.names(), "a", "disk", "disk/deep/file")
	if out.Warned != 1 || out.OK() {
		t.Errorf("the link was not warned of once: %q", out.lines)
	}
}

// TestP2BrokenListing breaks the source's listing after its first page.
func TestP2BrokenListing(t *testing.T) {
	for _, side := range []string{"source", "destination"} {
		t.Run(side, func(t *testing.T) {
			l := newLab(t)
			l.put("src/a", "a", moment(1))
			l.put("dst/a", "a", moment(1))
			l.put("dst/z", "z", moment(1))
			call := map[string]string{"source": "b2_list_file_names", "destination": "b2_list_file_versions"}[side]
			l.server.Fail(call, 1, refusal)
			out := l.sync(l.at("src"), l.at("dst"), deleting)
			if out.OK() {
				t.Error("the broken listing was not reported")
			}
			want(t, "names", l.names(), "dst/a", "dst/z", "src/a")
		})
	}
}

func TestP3FiltersNeverDelete(t *testing.T) {
	filter := func(spec b2sync.FilterSpec) *b2sync.NameFilter {
		f, err := b2sync.NewNameFilter(spec)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	all := []string{"cache/deep/f", "cache/f", "gone.txt", "keep.tmp", "stays"}
	tests := []struct {
		name string
		o    b2sync.Options
		left []string
	}{
		{"regex", b2sync.Options{Names: filter(b2sync.FilterSpec{ExcludeRegex: []string{`.*\.tmp$`}})}, []string{"keep.tmp", "stays"}},
		{"folder regex", b2sync.Options{Names: filter(b2sync.FilterSpec{ExcludeDirRegex: []string{`cache`}})}, []string{"cache/deep/f", "cache/f", "stays"}},
		{"no rule", b2sync.Options{}, []string{"stays"}},
		{"all but one", b2sync.Options{Names: filter(b2sync.FilterSpec{ExcludeRegex: []string{`.`}, IncludeRegex: []string{`gone`}})},
			[]string{"cache/deep/f", "cache/f", "keep.tmp", "stays"}},
	}
	for _, tt := range tests {
		tt.o.Extraneous = b2sync.ExtraneousDeleted
		t.Run(tt.name+", up", func(t *testing.T) {
			l := newLab(t)
			for _, name := range all {
				l.put(name, "x", moment(1))
			}
			l.write("src/stays", "x", moment(1))
			l.clean(l.folder("src"), l.at(""), tt.o)
			want(t, "names", l.names(), tt.left...)
		})
		t.Run(tt.name+", down", func(t *testing.T) {
			l := newLab(t)
			for _, name := range all {
				l.write("dst/"+name, "x", moment(1))
			}
			l.put("stays", "x", moment(1))
			l.clean(l.at(""), l.folder("dst"), tt.o)
			var left []string
			for _, name := range l.files("dst") {
				if name, isFile := strings.CutSuffix(name, "=x"); isFile {
					left = append(left, name)
				}
			}
			want(t, "files", left, tt.left...)
		})
	}
}

// TestP3TimeRules: a source file that a rule of time leaves out keeps what the
// destination has under its name.
func TestP3TimeRules(t *testing.T) {
	l := newLab(t)
	l.write("src/old", "x", moment(1))
	l.write("src/young", "new content", moment(100))
	l.put("young", "x", moment(1))
	l.put("old", "x", moment(1))
	o := deleting
	o.ModifiedAfter = new(moment(50).UnixMilli())
	l.clean(l.folder("src"), l.at(""), o)
	want(t, "versions", l.versions(), "old upload 1", "young upload 1")
}

// TestP3TimeRuleOfTheEpoch: the beginning of 1970 is a limit like any other.
func TestP3TimeRuleOfTheEpoch(t *testing.T) {
	l := newLab(t)
	l.write("src/epoch", "x", time.UnixMilli(0))
	l.write("src/after", "x", time.UnixMilli(2))
	l.clean(l.folder("src"), l.at(""), b2sync.Options{ModifiedAfter: new(int64(0))})
	want(t, "names", l.names(), "epoch")
}

func TestP3ExcludedLinks(t *testing.T) {
	l := newLab(t)
	l.write("src/real", "x", moment(1))
	l.write("elsewhere/f", "x", moment(1))
	if err := os.Symlink("../elsewhere", filepath.Join(l.dir, "src", "link")); err != nil {
		t.Fatal(err)
	}
	l.put("link/f", "x", moment(1))
	l.put("link/other", "x", moment(1))
	o := deleting
	o.ExcludeLinks = true
	l.clean(l.folder("src"), l.at(""), o)
	want(t, "names", l.names(), "link/f", "link/other", "real")
}

func TestP4EmptySource(t *testing.T) {
	l := newLab(t)
	l.put("kept", "x", moment(1))
	l.write("dst/kept", "x", moment(1))
	if err := os.MkdirAll(filepath.Join(l.dir, "empty", "folders", "only"), 0o777); err != nil {
		t.Fatal(err)
	}
	refused := map[string]outcome{
		"folder":         l.sync(l.folder("empty"), l.at(""), b2sync.Options{}),
		"missing folder": l.sync(l.folder("missing"), l.at(""), deleting),
		"prefix":         l.sync(l.at("mistyped"), l.folder("dst"), deleting),
		"prefix, copy":   l.sync(l.at("mistyped"), l.at("kept-not"), b2sync.Options{}),
	}
	delete(refused, "prefix, copy") // nothing could be removed: no error
	for what, out := range refused {
		if out.Err == nil || !strings.Contains(out.Err.Error(), "--allow-empty-source") {
			t.Errorf("%s: %v does not name the way out", what, out.Err)
		}
	}
	want(t, "names", l.names(), "kept")
	want(t, "files", l.files("dst"), "kept=x")
	if _, err := os.Stat(filepath.Join(l.dir, "missing")); err == nil {
		t.Error("the missing source was made")
	}

	allowed := deleting
	allowed.AllowEmpty = true
	l.clean(l.folder("missing"), l.at("kept-not"), allowed)
	l.clean(l.at("mistyped"), l.folder("dst"), allowed)
	want(t, "files", l.files("dst"))
	if out := l.sync(l.at("mistyped"), l.folder("dst"), b2sync.Options{}); !out.OK() {
		t.Errorf("an empty prefix with nothing to remove: %v", out.Err)
	}
}

// TestP4VanishedSource: a source whose disk goes away while the run scans it
// was not empty when it was checked, but what is missing since then is not gone.
func TestP4VanishedSource(t *testing.T) {
	gone := map[string]func(src string) error{
		"another folder": func(src string) error { return errors.Join(os.Rename(src, src+"-disk"), os.Mkdir(src, 0o777)) },
		"no folder":      func(src string) error { return os.Rename(src, src+"-disk") },
		"emptied":        func(src string) error { return os.Remove(filepath.Join(src, "kept")) },
	}
	for what, vanish := range gone {
		t.Run(what, func(t *testing.T) {
			l := newLab(t)
			l.write("src/kept", "x", moment(1))
			l.clean(l.folder("src"), l.at(""), b2sync.Options{})
			// The destination's listing comes after the check of the source, and
			// before what it found is removed.
			l.put("old", "x", moment(1))
			l.server.Fail("b2_list_file_versions", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
				if err := vanish(filepath.Join(l.dir, "src")); err != nil {
					t.Error(err)
				}
				server.ServeHTTP(w, r)
			})
			if out := l.sync(l.folder("src"), l.at(""), deleting); out.OK() {
				t.Error("all went well")
			}
			want(t, "names", l.names(), "kept", "old")
		})
	}
}

// TestP2ListingThatContradictsItself: the names that a listing has passed over
// are not known to be missing once it is seen to be out of order.
func TestP2ListingThatContradictsItself(t *testing.T) {
	lies := map[string]func(page map[string]any){
		"out of order":  func(page map[string]any) { slices.Reverse(page["files"].([]any)) },
		"the same page": func(page map[string]any) { page["files"], page["nextFileName"] = page["files"].([]any)[2:], "in/a" },
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			for _, file := range []string{"a", "b", "c"} {
				l.put("in/"+file, file, moment(1))
			}
			l.clean(l.at("in"), l.folder("dst"), b2sync.Options{})
			l.server.Fail("b2_list_file_names", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
				var page map[string]any
				answer := httptest.NewRecorder()
				server.ServeHTTP(answer, r)
				if err := json.Unmarshal(answer.Body.Bytes(), &page); err != nil {
					t.Error(err)
				}
				lie(page)
				json.NewEncoder(w).Encode(page)
			})
			if out := l.sync(l.at("in"), l.folder("dst"), deleting); out.OK() {
				t.Error("all went well")
			}
			want(t, "files", l.files("dst"), "a=a", "b=b", "c=c")
		})
	}
}

// TestP4FilteredSource: a source whose files are all left out by a filter is
// not empty.
func TestP4FilteredSource(t *testing.T) {
	l := newLab(t)
	l.write("src/a.tmp", "x", moment(1))
	l.put("other", "x", moment(1))
	names, err := b2sync.NewNameFilter(b2sync.FilterSpec{ExcludeRegex: []string{`.*\.tmp`}})
	if err != nil {
		t.Fatal(err)
	}
	o := deleting
	o.Names = names
	l.clean(l.folder("src"), l.at(""), o)
	want(t, "names", l.names())
}

// TestP4HiddenSource: a bucket whose files are all hidden is empty, also where a
// rule leaves them out: the rule sees the versions below the markers.
func TestP4HiddenSource(t *testing.T) {
	names, err := b2sync.NewNameFilter(b2sync.FilterSpec{ExcludeRegex: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	for what, o := range map[string]b2sync.Options{
		"no rule":        deleting,
		"rule of names":  {Extraneous: b2sync.ExtraneousDeleted, Names: names},
		"rule of time":   {Extraneous: b2sync.ExtraneousDeleted, ModifiedAfter: new(moment(1).UnixMilli())},
		"at an old time": {Extraneous: b2sync.ExtraneousDeleted, UploadedAfter: new(int64(1))},
	} {
		l := newLab(t)
		l.put("src/a", "x", moment(2))
		l.hide("src/a")
		l.put("dst/b", "x", moment(2))
		if out := l.sync(l.at("src"), l.at("dst"), o); out.Err == nil || !strings.Contains(out.Err.Error(), "--allow-empty-source") {
			t.Errorf("%s: %v", what, out.Err)
		}
		want(t, what, l.names(), "dst/b")
	}
}

func TestP5LinksAtTheDestination(t *testing.T) {
	l := newLab(t)
	l.write("outside/victim", "precious", moment(1))
	l.write("outside/extra", "precious", moment(1))
	l.write("dst/plain", "x", moment(1))
	link := func(target, name string) {
		if err := os.Symlink(filepath.Join(l.dir, target), filepath.Join(l.dir, "dst", name)); err != nil {
			t.Fatal(err)
		}
	}
	link("outside", "folder")
	link("outside/victim", "file")
	link("outside/extra", "gone")
	l.put("file", "new content", moment(9))
	l.put("folder/victim", "overwritten", moment(9))
	l.put("plain", "x", moment(1))
	out := l.sync(l.at(""), l.folder("dst"), deleting)
	want(t, "outside", l.files("outside"), "extra=precious", "victim=precious")
	want(t, "destination", l.files("dst"), "file=new content", "folder ->", "plain=x")
	if out.Failed != 1 || out.Warned != 0 {
		t.Errorf("only folder/victim should be reported: %q", out.lines)
	}
}

func TestP5BadNames(t *testing.T) {
	l := newLab(t)
	bad := []string{"../up", "a/../../up", "/abs", "a//b", "./dot", strings.Repeat("n", 300)}
	for _, name := range bad {
		l.putRaw(name, "evil")
	}
	l.put("good/file", "x", moment(1))
	l.write("in/bystander", "x", moment(1))
	out := l.sync(l.at(""), l.folder("in/dst"), b2sync.Options{})
	if out.Failed != int64(len(bad)) || out.Done[b2sync.Download].Count != 1 {
		t.Errorf("want %d failures and one download: %q", len(bad), out.lines)
	}
	want(t, "everything", l.files("in"), "bystander=x", "dst/", "dst/good/", "dst/good/file=x")
}

func TestP6CorruptDownload(t *testing.T) {
	l := newLab(t)
	l.put("f", "new content", moment(9))
	l.write("dst/f", "old content", moment(1))
	l.server.Fail("b2_download_file_by_id", 2, b2test.Corrupt()) // the client tries twice
	out := l.sync(l.at(""), l.folder("dst"), b2sync.Options{})
	if out.Failed != 1 {
		t.Errorf("the corruption was not reported: %q", out.lines)
	}
	want(t, "destination", l.files("dst"), "f=old content")
}

func TestP7KeepDays(t *testing.T) {
	l := newLab(t)
	const days = 24 * time.Hour
	keep := b2sync.Options{Extraneous: b2sync.ExtraneousKeepDays, KeepDays: 30, Newer: b2sync.NewerReplaced}
	// Files that claim to be old, which must not matter.
	l.write("src/f", "1", moment(1))
	l.write("src/g", "g", moment(1))
	l.clean(l.folder("src"), l.at(""), keep)
	l.server.Advance(t, 100*days)
	l.write("src/f", "22", moment(2))
	os.Remove(filepath.Join(l.dir, "src", "g"))
	l.clean(l.folder("src"), l.at(""), keep)
	want(t, "replaced and hidden now", l.versions(), "f upload 2", "f upload 1", "g hide 0", "g upload 1")
	l.server.Advance(t, 29*days)
	l.clean(l.folder("src"), l.at(""), keep)
	want(t, "29 days later", l.versions(), "f upload 2", "f upload 1", "g hide 0", "g upload 1")
	l.server.Advance(t, 2*days)
	l.clean(l.folder("src"), l.at(""), keep)
	want(t, "31 days later", l.versions(), "f upload 2")
}

func TestP8OneBadFile(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"a", "b", "c"} {
		l.write("src/"+name, "new", moment(1))
	}
	l.put("b", "newer", moment(9))
	out := l.sync(l.folder("src"), l.at(""), b2sync.Options{})
	want(t, "names", l.names(), "a", "b", "c")
	if out.Failed != 1 || out.Done[b2sync.Upload].Count != 2 {
		t.Errorf("want one failure and two uploads: %q", out.lines)
	}
	if !strings.Contains(strings.Join(out.lines, "\n"), "--skip-newer or --replace-newer") {
		t.Errorf("the ways out are not named: %q", out.lines)
	}
	l.write("src/d", "new", moment(1))
	stop := b2sync.Options{Newer: b2sync.NewerStops}
	if out := l.sync(l.folder("src"), l.at(""), stop); out.Err == nil {
		t.Errorf("--stop-on-newer did not stop: %q", out.lines)
	}
}

func TestP12SecondRunDoesNothing(t *testing.T) {
	directions := map[string]func(l *lab) (src, dst b2sync.Location){
		"up":   func(l *lab) (src, dst b2sync.Location) { return l.folder("src"), l.at("up") },
		"down": func(l *lab) (src, dst b2sync.Location) { return l.at("in"), l.folder("dst") },
		"copy": func(l *lab) (src, dst b2sync.Location) { return l.at("in"), l.at("out") },
	}
	for name, sides := range directions {
		for _, o := range []b2sync.Options{{}, deleting, {Extraneous: b2sync.ExtraneousKeepDays, KeepDays: 3}} {
			if name == "down" && o.Extraneous == b2sync.ExtraneousKeepDays {
				continue
			}
			t.Run(name, func(t *testing.T) {
				l := newLab(t)
				l.write("src/a", "a", time.Now())
				l.write("src/d/b", "b", moment(2))
				l.write("src/d-e", "", time.Unix(1_600_000_000, 527_999_983)) // truncated differently by floats
				l.put("in/a", "a", time.Now())
				l.put("in/d/b", "b", moment(2))
				l.put("in/no-time", "x", time.Time{})
				src, dst := sides(l)
				first := l.clean(src, dst, o)
				if first.Actions() != 3 {
					t.Errorf("first run: %q", first.lines)
				}
				before := l.server.Calls()
				second := l.clean(src, dst, o)
				if second.Actions() != 0 {
					t.Errorf("second run: %q", second.lines)
				}
				for call, n := range l.server.Calls() {
					made := n - before[call]
					if listing := strings.HasPrefix(call, "b2_list_file_"); made > 0 && !listing || made > 2 {
						t.Errorf("the second run made %d calls of %s", made, call)
					}
				}
			})
		}
	}
}

// What all names would meet ends the run at the first: it is said once, not a
// million times.
func TestHopelessRunEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		down  bool // from the bucket
		fails func(l *lab)
		want  error
	}{
		{"bucket of the source deleted", true, func(l *lab) {
			l.server.FailAfter("b2_download_file_by_id", 2, 1, b2test.Answer(http.StatusNotFound, "not_found", 0))
			l.server.FailAfter("b2_list_file_names", 1, 1, b2test.Answer(http.StatusBadRequest, "bad_bucket_id", 0))
		}, b2.ErrBucketNotFound},
		{"key deleted", false, func(l *lab) {
			l.server.FailAfter("b2_upload_file", 2, 1, b2test.ExpiredToken())
			l.server.FailAfter("b2_get_upload_url", 1, 1, b2test.ExpiredToken())
			l.server.FailAfter("b2_authorize_account", 0, 1, b2test.Answer(http.StatusUnauthorized, "unauthorized", 0))
		}, b2.ErrUnauthorized},
		{"bucket deleted", false, func(l *lab) {
			l.server.FailAfter("b2_upload_file", 2, 1, b2test.Busy()) // asks for another place to send to
			l.server.FailAfter("b2_get_upload_url", 1, 1, b2test.Answer(http.StatusBadRequest, "bad_bucket_id", 0))
		}, b2.ErrBucketNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			for i := range 100 {
				l.write(fmt.Sprintf("src/f%02d", i), "content", moment(1))
			}
			src, dst := l.folder("src"), l.at("up")
			if c.down {
				l.clean(src, dst, b2sync.Options{})
				src, dst = dst, l.folder("dst")
			}
			c.fails(l)
			out := l.sync(src, dst, b2sync.Options{Files: 1})
			if !errors.Is(out.Err, c.want) {
				t.Errorf("the run ended with %v", out.Err)
			}
			if out.Failed != 1 || out.Actions() != 2 {
				t.Errorf("%d failed, %d stored: %q", out.Failed, out.Actions(), out.lines)
			}
		})
	}
}

// TestVanishedDestination: a run whose destination was taken away did not do
// what it was asked to.
func TestVanishedDestination(t *testing.T) {
	l := newLab(t)
	l.put("in/f", "content", moment(1))
	dst := filepath.Join(l.dir, "dst")
	l.server.Fail("b2_download_file_by_id", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if err := os.Rename(dst, dst+".away"); err != nil {
			t.Error(err)
		}
		if err := os.Mkdir(dst, 0o777); err != nil {
			t.Error(err)
		}
		server.ServeHTTP(w, r)
	})
	if out := l.sync(l.at("in"), l.folder("dst"), b2sync.Options{}); out.OK() {
		t.Errorf("all went well: %q", out.lines)
	}
	if out := l.clean(l.at("in"), l.folder("dst"), b2sync.Options{}); out.Actions() != 1 {
		t.Errorf("the next run: %q", out.lines)
	}
}

// The epoch itself is a time like any other. Times that no file can be given
// are what tools write that count microseconds.
func TestP12TimesAtTheEdges(t *testing.T) {
	times := map[string]int64{
		"epoch": 0, "before": -1500, "1901": -2_147_483_648_000, "2100": 4_102_444_800_123,
		"2400": 13_569_465_600_000, "microseconds": 1_767_323_000_123_456, "last": math.MaxInt64, "first": math.MinInt64 + 1,
	}
	l := newLab(t)
	for name, ms := range times {
		if _, err := l.client.Upload(t.Context(), b2.UploadRequest{BucketID: l.bucket.ID, Name: "in/" + name, ModTime: new(ms),
			Content: strings.NewReader(name), Size: int64(len(name))}); err != nil {
			t.Fatal(err)
		}
	}
	for _, way := range []struct {
		name     string
		src, dst b2sync.Location
	}{
		{"down", l.at("in"), l.folder("dst")},
		{"up", l.folder("dst"), l.at("up")},
		{"back", l.at("up"), l.folder("dst")},
		{"copy", l.at("in"), l.at("out")},
	} {
		l.clean(way.src, way.dst, b2sync.Options{})
		if second := l.clean(way.src, way.dst, b2sync.Options{}); second.Actions() != 0 {
			t.Errorf("%s: the second run: %q", way.name, second.lines)
		}
	}
}
