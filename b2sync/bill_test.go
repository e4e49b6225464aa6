package b2sync_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// The sides that the runs of TestBill go from and to: a folder and two
// prefixes. Before each run, "in" holds what "src" does, and "full" and "out"
// are both sides as an earlier run has left them.
type billed struct {
	name    string
	prepare func(l *lab) // what has changed since; may be nil
	from    func(l *lab) b2sync.Location
	to      func(l *lab) b2sync.Location
	options b2sync.Options
	bill    string // the calls, by name without "b2_", sorted
}

// TestBill holds what each kind of run costs: every call of it, by name. The
// account and the bucket are known. A line of this table that grows takes money
// and time from users.
func TestBill(t *testing.T) {
	const large = 4 * 5000
	folder := func(name string) func(l *lab) b2sync.Location {
		return func(l *lab) b2sync.Location { return l.folder(name) }
	}
	bucket := func(prefix string) func(l *lab) b2sync.Location {
		return func(l *lab) b2sync.Location { return l.at(prefix) }
	}
	change := func(l *lab) { l.write("src/b", "changed", moment(9)); l.put("in/b", "changed", moment(9)) }
	lose := func(l *lab) {
		for _, name := range []string{"src/a", "src/b"} {
			if err := os.Remove(filepath.Join(l.dir, name)); err != nil {
				l.t.Fatal(err)
			}
		}
		l.hide("in/a")
		l.hide("in/b")
	}
	grow := func(l *lab) {
		l.write("src/large", strings.Repeat("x", large), moment(1))
		l.put("in/large", strings.Repeat("x", large), moment(1))
	}
	only, err := b2sync.NewNameFilter(b2sync.FilterSpec{ExcludeRegex: []string{".*"}, IncludeRegex: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	keeping := b2sync.Options{Extraneous: b2sync.ExtraneousKeepDays, KeepDays: 3}
	dry := func(o b2sync.Options) b2sync.Options { o.DryRun = true; return o }
	future := moment(1e9).UnixMilli()

	for _, run := range []billed{
		{"up, first", nil, folder("src"), bucket("new"), b2sync.Options{},
			"get_upload_url 1, list_file_names 1, upload_file 3"},
		{"up, first, dry", nil, folder("src"), bucket("new"), dry(b2sync.Options{}), "list_file_names 1"},
		{"up, nothing to do", nil, folder("src"), bucket("full"), b2sync.Options{}, "list_file_names 1"},
		{"up, nothing to do, by hash", nil, folder("src"), bucket("full"), b2sync.Options{Compare: b2sync.CompareSHA1}, "list_file_names 1"},
		{"up, nothing to delete", nil, folder("src"), bucket("full"), deleting, "list_file_versions 1"},
		{"up, nothing to hide", nil, folder("src"), bucket("full"), keeping, "list_file_versions 1"},
		{"up, one changed", change, folder("src"), bucket("full"), b2sync.Options{},
			"get_upload_url 1, list_file_names 1, upload_file 1"},
		{"up, one changed, old versions go", change, folder("src"), bucket("full"), deleting,
			"delete_file_version 1, get_upload_url 1, list_file_versions 1, upload_file 1"},
		{"up, one changed, old versions stay for days", change, folder("src"), bucket("full"), keeping,
			"get_upload_url 1, list_file_versions 1, upload_file 1"},
		{"up, two gone, kept", lose, folder("src"), bucket("full"), b2sync.Options{}, "list_file_names 1"},
		{"up, two gone, deleted", lose, folder("src"), bucket("full"), deleting, "delete_file_version 2, list_file_versions 1"},
		{"up, two gone, hidden", lose, folder("src"), bucket("full"), keeping, "hide_file 2, list_file_versions 1"},
		{"up, two gone, dry", lose, folder("src"), bucket("full"), dry(deleting), "list_file_versions 1"},
		{"up, one of many", nil, folder("src"), bucket("full"), b2sync.Options{Names: only}, "list_file_names 1"},
		{"up, large", grow, folder("src"), bucket("full"), b2sync.Options{},
			"finish_large_file 1, get_upload_part_url 1, list_file_names 1, list_unfinished_large_files 1, start_large_file 1, upload_part 4"},

		{"down, first", nil, bucket("in"), folder("new"), b2sync.Options{}, "download_file_by_id 3, list_file_names 1"},
		{"down, first, dry", nil, bucket("in"), folder("new"), dry(b2sync.Options{}), "list_file_names 1"},
		{"down, nothing to do", nil, bucket("in"), folder("src"), b2sync.Options{}, "list_file_names 1"},
		{"down, nothing to delete", nil, bucket("in"), folder("src"), deleting, "list_file_names 1"},
		{"down, as of a time", nil, bucket("in"), folder("src"), b2sync.Options{UploadedAfter: &future}, "list_file_versions 1"},
		{"down, two gone", lose, bucket("in"), folder("dst"), deleting, "list_file_names 1"},
		{"down, large", grow, bucket("in"), folder("dst"), b2sync.Options{}, "download_file_by_id 1, list_file_names 1"},
		{"down, one of many", nil, bucket("in"), folder("new"), b2sync.Options{Names: only}, "download_file_by_id 1, list_file_names 1"},

		{"copy, first", nil, bucket("in"), bucket("new"), b2sync.Options{}, "copy_file 3, list_file_names 2"},
		{"copy, first, dry", nil, bucket("in"), bucket("new"), dry(b2sync.Options{}), "list_file_names 2"},
		{"copy, nothing to do", nil, bucket("in"), bucket("out"), b2sync.Options{}, "list_file_names 2"},
		{"copy, nothing to delete", nil, bucket("in"), bucket("out"), deleting, "list_file_names 1, list_file_versions 1"},
		{"copy, one changed", change, bucket("in"), bucket("out"), b2sync.Options{}, "copy_file 1, list_file_names 2"},
		{"copy, two gone, deleted", lose, bucket("in"), bucket("out"), deleting,
			"delete_file_version 2, list_file_names 1, list_file_versions 1"},
		{"copy, two gone, hidden", lose, bucket("in"), bucket("out"), keeping,
			"hide_file 2, list_file_names 1, list_file_versions 1"},
	} {
		t.Run(run.name, func(t *testing.T) {
			l := newBillLab(t)
			if run.prepare != nil {
				run.prepare(l)
			}
			l.client = l.oneByOne(l.server.Transport())
			if got := l.bill(run.from(l), run.to(l), run.options); got != run.bill {
				t.Errorf("the run cost\n  %s\nand should cost\n  %s", got, run.bill)
			}
		})
	}
}

// TestBillOfAKeyThatMayNotDelete: the names are hidden, and no deletion is
// tried.
func TestBillOfAKeyThatMayNotDelete(t *testing.T) {
	l := newBillLab(t)
	if err := os.Remove(filepath.Join(l.dir, "src", "a")); err != nil {
		t.Fatal(err)
	}
	key, err := l.client.CreateKey(t.Context(), b2.CreateKeyRequest{
		KeyName: "no-delete", Capabilities: []string{"listBuckets", "listFiles", "readFiles", "writeFiles"}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := l.server.ClientConfig()
	cfg.KeyID, cfg.Key = key.ApplicationKeyID, b2.Secret(key.Secret)
	l.client = b2.New(cfg)
	if got := l.bill(l.folder("src"), l.at("full"), deleting); got != "hide_file 1, list_file_versions 1" {
		t.Errorf("the run cost %s", got)
	}
}

// TestBillOfGoingOn: of a large upload that was cut off, only what was in
// flight is sent again. What is stored is asked for once, and so is whether the
// name has a newer version by now.
func TestBillOfGoingOn(t *testing.T) {
	l, w := newResumeLab(t)
	l.write("src/big", random(bigSize), moment(1))
	l.client = l.oneByOne(w) // so that no call but that of a part is under way when the run is cut off
	l.interrupted(w, 5*testPart, l.folder("src"), l.at(""), b2sync.Options{})
	stored := 0
	for f, err := range l.client.ListUnfinished(t.Context(), l.bucket.ID, "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range l.client.ListParts(t.Context(), f.ID) {
			if err != nil {
				t.Fatal(err)
			}
			stored++
		}
	}
	l.client = l.oneByOne(w)
	if _, err := l.client.Account(t.Context()); err != nil {
		t.Fatal(err)
	}
	clear(w.asked)
	record := l.record()
	defer record.Close()
	const rest = "finish_large_file 1, get_upload_part_url 1, list_file_names 1, list_file_versions 1, list_parts 1, " +
		"list_unfinished_large_files 1, upload_part "
	l.bill(l.folder("src"), l.at(""), b2sync.Options{Uploads: record})
	// As the client counts: the server may hear the last words of the run that
	// was cut off in this one.
	got, parts := invoice(w.asked), 0
	_, err := fmt.Sscanf(got, rest+"%d", &parts)
	if most := (bigSize+testPart-1)/testPart - stored; err != nil || parts > most { // a part in flight may have come through
		t.Errorf("the run cost\n  %s\nand should cost\n  %s%d", got, rest, most)
	}
}

// newBillLab is the lab of TestBill before its run.
func newBillLab(t *testing.T) *lab {
	t.Helper()
	l := newLab(t, b2test.WithConfig(func(c *b2server.Config) { c.MinPartSize, c.RecommendedPartSize = 1000, 5000 }))
	for i, name := range []string{"a", "b", "c/d"} {
		l.write("src/"+name, name, moment(i))
		l.put("in/"+name, name, moment(i))
	}
	l.clean(l.folder("src"), l.at("full"), b2sync.Options{})
	l.clean(l.at("in"), l.at("out"), b2sync.Options{})
	l.clean(l.at("in"), l.folder("dst"), b2sync.Options{})
	return l
}

// oneByOne is a client that sends one thing after the other, so that the number
// of its upload URLs is known.
func (l *lab) oneByOne(transport http.RoundTripper) *b2.Client {
	cfg := l.server.ClientConfig()
	cfg.Transport, cfg.Uploads, cfg.Downloads = transport, 1, 1
	return b2.New(cfg)
}

// bill runs once, with a client that has authorised, and gives the calls that
// this took: their names without "b2_", sorted, and how many.
func (l *lab) bill(src, dst b2sync.Location, o b2sync.Options) string {
	l.t.Helper()
	if _, err := l.client.Account(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	o.Files = 1
	l.server.ResetCalls()
	l.clean(src, dst, o)
	return invoice(l.server.Calls())
}

func invoice(calls map[string]int) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		lines = append(lines, fmt.Sprintf("%s %d", strings.TrimPrefix(name, "b2_"), calls[name]))
	}
	return strings.Join(lines, ", ")
}
