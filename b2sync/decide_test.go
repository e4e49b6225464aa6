package b2sync

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2"
)

// The clock of the tests: day n is n days after the epoch.
func day(n float64) int64 { return int64(n * 24 * float64(time.Hour/time.Millisecond)) }

func file(modTime, size int64) *entry {
	return &entry{name: "f", kind: isFile, modTime: modTime, size: size}
}

// stack is a bucket's entry with versions, newest first. A word is an id,
// "h" in front makes it a hide marker, and its day of upload follows the @.
func stack(t *testing.T, words ...string) *entry {
	t.Helper()
	e := &entry{name: "f", modTime: 1000, size: 10}
	for i, word := range words {
		id, when, _ := strings.Cut(word, "@")
		days, err := time.ParseDuration(when + "h")
		if err != nil {
			t.Fatal(err)
		}
		v := b2.File{Name: "f", ID: id, Action: "upload", Uploaded: day(days.Hours())}
		if strings.HasPrefix(id, "h") {
			v.Action = actionHide
		}
		if i > 0 {
			e.older = append(e.older, v)
			continue
		}
		e.file = v
		if v.Action == actionHide {
			e.kind = isHidden
		}
	}
	return e
}

// lock makes Object Lock keep the versions of these ids for good.
func lock(e *entry, ids ...string) *entry {
	for _, id := range ids {
		if e.file.ID == id {
			e.file.LegalHold = true
		}
		for i := range e.older {
			if e.older[i].ID == id {
				e.older[i].RetentionMode, e.older[i].RetainUntil = "compliance", day(200)
			}
		}
	}
	return e
}

// hashed gives an entry a hash, of a local file or of a version.
func hashed(e *entry, sum string) *entry {
	e.sha1, e.file.SHA1 = sum, sum
	return e
}

func ids(versions []b2.File) string {
	var s []string
	for _, v := range versions {
		s = append(s, v.ID)
	}
	return strings.Join(s, " ")
}

// TestDecide is the truth table of decide. "now" is day 100.
func TestDecide(t *testing.T) {
	hole := &entry{name: "f", kind: isHole, err: errors.New("cannot be read")}
	excluded := &entry{name: "f", kind: isExcluded}
	holeAbove := &entry{name: "d/", kind: isHole, below: true, err: errors.New("cannot be read")}
	excludedAbove := &entry{name: "d/", kind: isExcluded, below: true}
	folder := &entry{name: "f/", kind: isFolder}
	marker := &entry{name: "f/", kind: isFolder, file: b2.File{ID: "m", Action: "upload"}}
	up := rules{srcLocal: true}
	down := rules{dstLocal: true}
	copying := rules{}
	older := file(500, 10)

	tests := []struct {
		name    string
		p       pair
		r       rules
		o       Options
		verdict verdict
		hide    bool
		prune   string
		also    string // "retained" or "unhashed"
	}{
		{name: "new file", p: pair{src: file(1000, 10)}, r: up, verdict: transfer},
		{name: "new file below a hide marker", p: pair{src: file(1000, 10), dst: stack(t, "h2@2", "1@1")}, r: up, verdict: transfer},
		{name: "equal", p: pair{src: file(1000, 10), dst: stack(t, "1@1")}, r: up, verdict: same},
		{name: "a millisecond apart is equal", p: pair{src: file(1001, 10), dst: stack(t, "1@1")}, r: up, verdict: same},
		{name: "newer source", p: pair{src: file(1002, 10), dst: stack(t, "1@1")}, r: up, verdict: transfer},
		{name: "same time, other size", p: pair{src: file(1000, 11), dst: stack(t, "1@1")}, r: up, verdict: transfer},
		{name: "within the threshold", p: pair{src: file(1100, 10), dst: stack(t, "1@1")}, r: up, o: Options{Threshold: 100}, verdict: same},
		{name: "beyond the threshold", p: pair{src: file(1101, 10), dst: stack(t, "1@1")}, r: up, o: Options{Threshold: 100}, verdict: transfer},
		{name: "within the grain of the file system", p: pair{src: file(3000, 10), dst: file(1000, 10)}, r: rules{dstLocal: true, grain: 2000}, verdict: same},

		{name: "newer destination", p: pair{src: older, dst: stack(t, "1@1")}, r: up, verdict: refuse},
		{name: "newer destination, skipped", p: pair{src: older, dst: stack(t, "1@1")}, r: up, o: Options{Newer: NewerSkipped}, verdict: skip},
		{name: "newer destination, replaced", p: pair{src: older, dst: stack(t, "1@1")}, r: up, o: Options{Newer: NewerReplaced}, verdict: transfer},
		{name: "newer destination, stops", p: pair{src: older, dst: stack(t, "1@1")}, r: up, o: Options{Newer: NewerStops}, verdict: refuse},
		{name: "a refused file keeps its versions", p: pair{src: older, dst: stack(t, "2@2", "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: refuse},

		{name: "none: exists", p: pair{src: file(9000, 99), dst: stack(t, "1@1")}, r: up, o: Options{Compare: CompareNone}, verdict: same},
		{name: "none: missing", p: pair{src: file(9000, 99)}, r: up, o: Options{Compare: CompareNone}, verdict: transfer},
		{name: "size: equal", p: pair{src: file(9000, 10), dst: stack(t, "1@1")}, r: up, o: Options{Compare: CompareSize}, verdict: same},
		{name: "size: other", p: pair{src: file(500, 11), dst: stack(t, "1@1")}, r: up, o: Options{Compare: CompareSize}, verdict: transfer},
		{name: "size: within the threshold", p: pair{src: file(500, 12), dst: stack(t, "1@1")}, r: up, o: Options{Compare: CompareSize, Threshold: 2}, verdict: same},

		{name: "extraneous, kept", p: pair{dst: stack(t, "1@1")}, r: up, verdict: leave},
		{name: "extraneous, deleted", p: pair{dst: stack(t, "3@3", "2@2", "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove, prune: "1 2 3"},
		{name: "extraneous and hidden, deleted", p: pair{dst: stack(t, "h3@3", "2@2")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove, prune: "2 h3"},
		{name: "extraneous local file", p: pair{dst: file(1, 1)}, r: down, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove},
		{name: "extraneous local folder", p: pair{dst: folder}, r: down, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave},
		{name: "hidden at the source", p: pair{src: stack(t, "h1@1"), dst: file(1, 1)}, r: down, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove},

		{name: "replaced, deleted", p: pair{src: file(2000, 10), dst: stack(t, "2@2", "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: transfer, prune: "1 2"},
		{name: "kept, older deleted", p: pair{src: file(1000, 10), dst: stack(t, "2@2", "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: same, prune: "1"},
		{name: "skipped, older deleted", p: pair{src: older, dst: stack(t, "2@2", "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted, Newer: NewerSkipped}, verdict: skip, prune: "1"},

		// Version 1 stopped being current when 2 was uploaded, whatever its age.
		{name: "keep days: replaced yesterday", p: pair{src: file(1000, 10), dst: stack(t, "2@99", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: same},
		{name: "keep days: replaced long ago", p: pair{src: file(1000, 10), dst: stack(t, "3@99", "2@50", "1@49")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: same, prune: "1"},
		{name: "keep days: the current one stays", p: pair{src: file(1000, 10), dst: stack(t, "2@10", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: same, prune: "1"},
		{name: "keep days: replaced now", p: pair{src: file(2000, 10), dst: stack(t, "2@10", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: transfer, prune: "1"},
		{name: "keep days: exactly that old", p: pair{src: file(1000, 10), dst: stack(t, "2@70", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: same},
		{name: "keep days: extraneous is hidden", p: pair{dst: stack(t, "2@10", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: remove, hide: true, prune: "1"},
		{name: "keep days: hidden yesterday", p: pair{dst: stack(t, "h2@99", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: leave},
		{name: "keep days: hidden long ago", p: pair{dst: stack(t, "h2@50", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: remove, prune: "1 h2"},
		{name: "keep days: hidden yesterday, replaced long ago", p: pair{dst: stack(t, "h3@99", "2@20", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 30}, verdict: remove, prune: "1"},
		{name: "keep days: a fraction", p: pair{src: file(1000, 10), dst: stack(t, "2@99", "1@1")}, r: up, o: Options{Extraneous: ExtraneousKeepDays, KeepDays: 0.5}, verdict: same, prune: "1"},

		{name: "P2: unreadable at the source", p: pair{src: hole, dst: stack(t, "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave},
		{name: "P2: below an unreadable folder", p: pair{srcCover: holeAbove, dst: stack(t, "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave},
		{name: "P2: unreadable at the destination", p: pair{src: file(1, 1), dst: hole}, r: down, verdict: refuse},
		{name: "P5: below a linked folder", p: pair{src: file(1, 1), dstCover: holeAbove}, r: down, verdict: refuse},
		{name: "P2: nothing goes below an unreadable folder", p: pair{dst: file(1, 1), dstCover: holeAbove}, r: down, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave},
		{name: "P3: excluded at the source", p: pair{src: excluded, dst: stack(t, "2@2", "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave},
		{name: "P3: excluded at the destination", p: pair{dst: excluded}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave},
		{name: "P3: below an excluded folder", p: pair{srcCover: excludedAbove, dst: stack(t, "1@1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave},
		{name: "P3: excluded at the destination only", p: pair{src: file(1, 1), dst: excluded}, r: up, verdict: leave},

		{name: "lock: extraneous is hidden", p: pair{dst: lock(stack(t, "2@2", "1@1"), "2")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove, hide: true, prune: "1", also: "retained"},
		{name: "lock: what lies on top of a locked version is not deleted bare", p: pair{dst: lock(stack(t, "2@2", "1@1"), "1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove, hide: true, prune: "2", also: "retained"},
		{name: "lock: a hide marker stays", p: pair{dst: lock(stack(t, "h3@3", "2@2", "1@1"), "1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove, prune: "2", also: "retained"},
		{name: "lock: nothing is left to do", p: pair{dst: lock(stack(t, "h3@3", "1@1"), "1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave, also: "retained"},
		{name: "lock: replaced", p: pair{src: file(2000, 10), dst: lock(stack(t, "2@2", "1@1"), "1")}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: transfer, prune: "2", also: "retained"},
		{name: "no right to delete: hidden", p: pair{dst: stack(t, "2@2", "1@1")}, r: rules{srcLocal: true, noDelete: true}, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove, hide: true, also: "retained"},
		{name: "no right to delete: replaced", p: pair{src: file(2000, 10), dst: stack(t, "1@1")}, r: rules{srcLocal: true, noDelete: true}, o: Options{Extraneous: ExtraneousDeleted}, verdict: transfer, also: "retained"},

		{name: "sha1: not read yet", p: pair{src: file(9000, 10), dst: hashed(stack(t, "1@1"), "aa")}, r: up, o: Options{Compare: CompareSHA1}, verdict: read},
		{name: "sha1: equal, whatever the time", p: pair{src: hashed(file(500, 10), "aa"), dst: hashed(stack(t, "1@1"), "aa")}, r: up, o: Options{Compare: CompareSHA1}, verdict: same},
		{name: "sha1: other", p: pair{src: hashed(file(1000, 10), "bb"), dst: hashed(stack(t, "1@1"), "aa")}, r: up, o: Options{Compare: CompareSHA1}, verdict: transfer},
		{name: "sha1: the size says it", p: pair{src: file(1000, 11), dst: hashed(stack(t, "1@1"), "aa")}, r: up, o: Options{Compare: CompareSHA1}, verdict: transfer},
		{name: "sha1: none to hold against, so time", p: pair{src: file(9000, 10), dst: stack(t, "1@1")}, r: up, o: Options{Compare: CompareSHA1}, verdict: transfer, also: "unhashed"},
		{name: "sha1: down, not read yet", p: pair{src: hashed(stack(t, "1@1"), "aa"), dst: file(1000, 10)}, r: down, o: Options{Compare: CompareSHA1}, verdict: read},
		{name: "sha1: copy", p: pair{src: hashed(stack(t, "2@2"), "aa"), dst: hashed(stack(t, "1@1"), "bb")}, r: copying, o: Options{Compare: CompareSHA1}, verdict: transfer},
		{name: "sha1: copy, source without", p: pair{src: stack(t, "2@2"), dst: hashed(stack(t, "1@1"), "bb")}, r: copying, o: Options{Compare: CompareSHA1}, verdict: same, also: "unhashed"},

		{name: "marker is made as a folder", p: pair{src: marker}, r: down, verdict: transfer},
		{name: "marker, folder there", p: pair{src: marker, dst: folder}, r: down, verdict: same},
		{name: "marker is copied", p: pair{src: marker}, r: copying, verdict: transfer},
		{name: "marker on both sides", p: pair{src: marker, dst: marker}, r: copying, verdict: same},
		{name: "local folder has no object", p: pair{src: folder}, r: up, verdict: leave},
		{name: "local folder keeps its marker", p: pair{src: folder, dst: marker}, r: up, o: Options{Extraneous: ExtraneousDeleted}, verdict: same},
		{name: "marker of a folder that exists", p: pair{dst: marker, srcBelow: true}, r: copying, o: Options{Extraneous: ExtraneousDeleted}, verdict: leave},
		{name: "marker of no folder", p: pair{dst: marker}, r: copying, o: Options{Extraneous: ExtraneousDeleted}, verdict: remove, prune: "m"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.r
			r.Options, r.now = &tt.o, time.UnixMilli(day(100))
			before := ids(versionsOf(tt.p.dst))
			d := decide(&tt.p, &r)
			if d.verdict != tt.verdict || d.hide != tt.hide || ids(d.prune) != tt.prune {
				t.Errorf("got verdict %d, hide %v, prune %q; want %d, %v, %q",
					d.verdict, d.hide, ids(d.prune), tt.verdict, tt.hide, tt.prune)
			}
			if d.retained != (tt.also == "retained") || d.unhashed != (tt.also == "unhashed") {
				t.Errorf("retained %v, unhashed %v; want %q", d.retained, d.unhashed, tt.also)
			}
			if (d.err != nil) != (tt.verdict == refuse) {
				t.Errorf("error %v with verdict %d", d.err, d.verdict)
			}
			if after := ids(versionsOf(tt.p.dst)); after != before {
				t.Errorf("decide turned the scan's versions from %q to %q", before, after)
			}
		})
	}
}

func versionsOf(e *entry) []b2.File {
	if e == nil {
		return nil
	}
	return e.versions()
}

func TestNewerErrorSaysWhatToDo(t *testing.T) {
	r := rules{Options: &Options{}, srcLocal: true}
	p := pair{name: "a.txt", src: file(978307200000, 1), dst: &entry{name: "a.txt", modTime: 1795415302536}}
	const want = "source file is older than destination: local://a.txt with a time of 978307200000 cannot be synced " +
		"to b2://a.txt with a time of 1795415302536, unless a valid newer_file_mode is provided (--skip-newer or --replace-newer)"
	if got := decide(&p, &r).err; got == nil || got.Error() != want || !errors.Is(got, ErrNewer) {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}
