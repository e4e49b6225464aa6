package b2sync_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// The model: what a sync must come to, said once more, independently and
// without regard to speed. Random worlds and wishes are given to both.

// content is what is under a name at one time; hidden for a hide marker.
type content struct {
	size   int
	time   int // modification time, see moment
	hidden bool
	since  time.Time // uploaded or hidden, by the service's clock
}

// side is what one side holds: versions by name, newest first. A folder has one
// of each.
type side map[string][]content

// wish is what a run is asked for.
type wish struct {
	b2sync.Options
	exclude *regexp.Regexp
	days    time.Duration
}

// expect is the destination after a run that met no failure it could not get
// over, and the names that must have been refused.
func expect(src, dst side, w wish, dstLocal bool, now time.Time) (after side, refused []string) {
	after = maps.Clone(dst)
	names := map[string]bool{}
	for _, s := range []side{src, dst} {
		for name := range s {
			names[name] = true
		}
	}
	for name := range names {
		if w.exclude != nil && w.exclude.MatchString(name) {
			continue
		}
		old := dst[name]
		var want *content
		if len(src[name]) > 0 && !src[name][0].hidden {
			want = &src[name][0]
		}
		there := len(old) > 0 && !old[0].hidden
		switch {
		case want == nil && !there && w.Extraneous == b2sync.ExtraneousDeleted:
			delete(after, name)
		case want == nil && !there:
			after[name] = w.outlive(old, now, true)
		case want == nil:
			after[name] = w.without(old, now)
		case !there:
			after[name] = w.with(*want, old, dstLocal, now)
		default:
			switch w.order(*want, old[0]) {
			case "same":
				after[name] = w.trim(old, now)
			case "older":
				if w.Newer == b2sync.NewerFails {
					refused = append(refused, name)
					continue
				}
				if w.Newer == b2sync.NewerSkipped {
					after[name] = w.trim(old, now)
					continue
				}
				after[name] = w.with(*want, old, dstLocal, now)
			default:
				after[name] = w.with(*want, old, dstLocal, now)
			}
		}
		if len(after[name]) == 0 {
			delete(after, name)
		}
	}
	slices.Sort(refused)
	return after, refused
}

// order compares two contents as the options say.
func (w *wish) order(src, dst content) string {
	switch {
	case w.Compare == b2sync.CompareNone:
		return "same"
	case w.Compare == b2sync.CompareSize && src.size == dst.size:
		return "same"
	case w.Compare == b2sync.CompareSize:
		return "changed"
	case src.time < dst.time:
		return "older"
	case src.time == dst.time && src.size == dst.size:
		return "same"
	}
	return "changed"
}

// with is a name after a transfer.
func (w *wish) with(c content, old []content, dstLocal bool, now time.Time) []content {
	c.since = now
	if dstLocal || w.Extraneous == b2sync.ExtraneousDeleted {
		return []content{c}
	}
	return append([]content{c}, w.outlive(old, now, false)...)
}

// trim is a name that needs no transfer.
func (w *wish) trim(old []content, now time.Time) []content {
	if w.Extraneous == b2sync.ExtraneousDeleted {
		return old[:1]
	}
	return w.outlive(old, now, false)
}

// without is a name that the source lacks.
func (w *wish) without(old []content, now time.Time) []content {
	switch w.Extraneous {
	case b2sync.ExtraneousDeleted:
		return nil
	case b2sync.ExtraneousKeepDays:
		return append([]content{{hidden: true, since: now}}, w.outlive(old, now, false)...)
	}
	return old
}

// outlive drops the versions that stopped being current longer ago than the
// days to keep them; with all below a hide marker that has outlived its own, if
// it is on top and the source lacks the name.
func (w *wish) outlive(old []content, now time.Time, top bool) []content {
	if w.Extraneous != b2sync.ExtraneousKeepDays || len(old) == 0 {
		return old
	}
	if top && old[0].hidden && now.Sub(old[0].since) > w.days {
		return nil
	}
	left := old[:1]
	for i := 1; i < len(old) && now.Sub(old[i-1].since) <= w.days; i++ {
		left = append(left[:len(left):len(left)], old[i])
	}
	return left
}

// pool is the names of the worlds: siblings that sort around a folder's slash,
// and nothing that is a file here and a folder there.
var pool = []string{"a", "a.txt", "d/a", "d/b c", "d/e/f", "d-e", "d.f", "d0", "z", "ü/ö"}

// drawSide draws a side. Contents have whole seconds, far apart.
func drawSide(t *rapid.T, label string, versions int) side {
	s := side{}
	for _, name := range pool {
		for range rapid.IntRange(0, versions).Draw(t, label+" "+name) {
			c := content{size: rapid.IntRange(0, 2).Draw(t, "size"), time: rapid.IntRange(1, 3).Draw(t, "time")}
			if versions > 1 && len(s[name]) > 0 && !s[name][0].hidden && rapid.IntRange(0, 4).Draw(t, "hide") == 0 {
				c = content{hidden: true}
			}
			s[name] = append([]content{c}, s[name]...)
		}
	}
	return s
}

func drawWish(t *rapid.T, dstLocal bool) wish {
	var w wish
	w.Compare = rapid.SampledFrom([]b2sync.Compare{b2sync.CompareModTime, b2sync.CompareSize, b2sync.CompareNone}).Draw(t, "compare")
	w.Newer = rapid.SampledFrom([]b2sync.Newer{b2sync.NewerFails, b2sync.NewerSkipped, b2sync.NewerReplaced}).Draw(t, "newer")
	extraneous := []b2sync.Extraneous{b2sync.ExtraneousKept, b2sync.ExtraneousDeleted, b2sync.ExtraneousKeepDays}
	if dstLocal {
		extraneous = extraneous[:2]
	}
	w.Extraneous = rapid.SampledFrom(extraneous).Draw(t, "extraneous")
	w.KeepDays, w.days = 3, 72*time.Hour
	w.AllowEmpty = true
	w.Files = rapid.IntRange(1, 5).Draw(t, "threads")
	if pattern := rapid.SampledFrom([]string{"", "", `d/`, `.*\.txt$`, `a`}).Draw(t, "exclude"); pattern != "" {
		w.exclude = regexp.MustCompile("^(?:" + pattern + ")")
		names, err := b2sync.NewNameFilter(b2sync.FilterSpec{ExcludeRegex: []string{pattern}})
		if err != nil {
			t.Fatal(err)
		}
		w.Names = names
	}
	return w
}

// drawFaults scripts failures that a run must get over.
func drawFaults(t *rapid.T, s *b2test.Server) {
	faults := map[string]b2test.Fault{
		"busy": b2test.Busy(), "lost before": b2test.ResetBefore(), "lost after": b2test.ResetAfter(),
		"expired": b2test.ExpiredToken(),
	}
	calls := []string{"b2_upload_file", "b2_list_file_names", "b2_list_file_versions", "b2_get_upload_url",
		"b2_delete_file_version", "b2_hide_file", "b2_download_file_by_id"}
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		call := rapid.SampledFrom(calls).Draw(t, "call")
		kind := rapid.SampledFrom(slices.Sorted(maps.Keys(faults))).Draw(t, "kind")
		if call == "b2_upload_file" && kind == "lost after" {
			continue // stores a second version, which is harmless and not the model's
		}
		s.FailAfter(call, rapid.IntRange(0, 2).Draw(t, "after"), 1, faults[kind])
	}
}

// world makes and reads the two sides of the model.
type world struct {
	*lab
	n int // of the case: each has a folder and a prefix of its own
}

// make builds a side, locally or in the bucket.
func (w *world) make(name string, s side, local bool) b2sync.Location {
	place := fmt.Sprintf("%s%d", name, w.n)
	if local {
		if err := os.MkdirAll(filepath.Join(w.dir, place), 0o777); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(s)) {
		versions := s[path]
		for i := len(versions) - 1; i >= 0; i-- {
			c := &versions[i]
			full := place + "/" + path
			switch {
			case local:
				w.write(full, strings.Repeat("x", c.size), moment(c.time))
			case c.hidden:
				w.hide(full)
			default:
				w.put(full, strings.Repeat("x", c.size), moment(c.time))
			}
			c.since = w.server.Now()
		}
	}
	if local {
		return w.folder(place)
	}
	return w.at(place)
}

// read tells a side in lines: each version's size and time, newest first.
func (w *world) read(name string, local bool) []string {
	place := fmt.Sprintf("%s%d", name, w.n)
	s := side{}
	if local {
		for _, line := range w.files(place) {
			if strings.HasSuffix(line, "/") {
				continue
			}
			path, text, _ := strings.Cut(line, "=")
			info, err := os.Stat(filepath.Join(w.dir, place, path))
			if err != nil {
				w.t.Fatal(err)
			}
			s[path] = []content{{size: len(text), time: int(info.ModTime().Unix() - moment(0).Unix())}}
		}
		return show(s)
	}
	for f, err := range w.client.ListVersions(w.t.Context(), w.bucket.ID, b2.ListOptions{Prefix: place + "/"}) {
		if err != nil {
			w.t.Fatal(err)
		}
		path := strings.TrimPrefix(f.Name, place+"/")
		c := content{size: int(f.Size), hidden: f.Action == "hide"}
		if value, ok := f.InfoValue(b2.InfoModTime); ok {
			var ms int64
			fmt.Sscan(value, &ms)
			c.time = int(ms/1000 - moment(0).Unix())
		}
		s[path] = append(s[path], c)
	}
	return show(s)
}

func show(s side) []string {
	var lines []string
	for name, versions := range s {
		line := name + ":"
		for _, c := range versions {
			if c.hidden {
				line += " hidden"
			} else {
				line += fmt.Sprintf(" %d@%d", c.size, c.time)
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// TestModel runs random worlds in all three directions, with failures on the
// way, and holds the outcome against the model. More of them:
//
//	go test ./b2sync -run TestModel -rapid.checks=100000
func TestModel(t *testing.T) {
	for _, direction := range []string{"up", "down", "copy"} {
		t.Run(direction, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{lab: newLab(t, b2test.WithPipe())}
				// Without its Deadline method, which a bubble does not allow.
				rapid.Check(struct{ testing.TB }{t}, func(rt *rapid.T) { w.check(rt, direction) })
			})
		})
	}
}

func (w *world) check(t *rapid.T, direction string) {
	w.n++
	srcLocal, dstLocal := direction == "up", direction == "down"
	depth := func(local bool) int {
		if local {
			return 1
		}
		return 3
	}
	src := drawSide(t, "src", depth(srcLocal))
	dst := drawSide(t, "dst", depth(dstLocal))
	from := w.make("src", src, srcLocal)
	to := w.make("dst", dst, dstLocal)
	wish := drawWish(t, dstLocal)
	w.server.Advance(w.t, time.Duration(rapid.IntRange(0, 5).Draw(t, "days"))*24*time.Hour+time.Hour)

	after, refused := expect(src, dst, wish, dstLocal, w.server.Now())
	drawFaults(t, w.server)
	out := w.sync(from, to, wish.Options)
	w.server.DropFaults()
	if out.Err != nil || int(out.Failed) != len(refused) || out.Warned != 0 {
		t.Fatalf("the run went wrong: %v, want %d refused\n%s", out.Err, len(refused), strings.Join(out.lines, "\n"))
	}
	compareSides(t, "the destination", w.read("dst", dstLocal), show(after))
	compareSides(t, "the source", w.read("src", srcLocal), show(src))

	again := w.sync(from, to, wish.Options)
	if len(again.lines) != len(refused) {
		t.Fatalf("the second run was not idle:\n%s", strings.Join(again.lines, "\n"))
	}
	compareSides(t, "the destination after the second run", w.read("dst", dstLocal), show(after))
}

func compareSides(t *rapid.T, what string, got, want []string) {
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\n  got  %s\n  want %s", what, strings.Join(got, "\n       "), strings.Join(want, "\n       "))
	}
}
