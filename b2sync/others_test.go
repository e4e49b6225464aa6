package b2sync_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// TestOthersHaveDoneIt: somebody else has deleted or hidden what was to be
// deleted or hidden.
func TestOthersHaveDoneIt(t *testing.T) {
	keeping := b2sync.Options{Extraneous: b2sync.ExtraneousKeepDays, KeepDays: 30}
	for _, tt := range []struct {
		call, code string
		status     int
		o          b2sync.Options
		kind       b2sync.Kind
	}{
		{"b2_delete_file_version", "file_not_present", 400, deleting, b2sync.Delete},
		{"b2_delete_file_version", "not_found", 404, deleting, b2sync.Delete},
		{"b2_hide_file", "already_hidden", 400, keeping, b2sync.Hide},
		{"b2_hide_file", "no_such_file", 400, keeping, b2sync.Hide},
	} {
		t.Run(tt.code, func(t *testing.T) {
			l := newLab(t)
			l.write("src/stays", "x", moment(1))
			l.put("gone", "x", moment(1))
			l.put("gone too", "x", moment(1))
			l.server.Fail(tt.call, 1, b2test.Answer(tt.status, tt.code, 0))
			out := l.clean(l.folder("src"), l.at(""), tt.o)
			if out.Done[tt.kind].Count != 2 {
				t.Errorf("want two names dealt with: %q", out.lines)
			}
		})
	}
	t.Run("but not the whole bucket", func(t *testing.T) {
		l := newLab(t)
		l.write("src/stays", "x", moment(1))
		l.put("gone", "x", moment(1))
		l.server.Fail("b2_delete_file_version", 1, b2test.Answer(400, "bad_bucket_id", 0))
		if out := l.sync(l.folder("src"), l.at(""), deleting); out.Failed != 1 {
			t.Errorf("a bucket that is gone is no success: %q", out.lines)
		}
	})
}

// replace is a fault that puts another version, or none, in the place of one
// before the call for that is served.
func (l *lab) replace(old *b2.File, content string) b2test.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if content != "" {
			l.put(old.Name, content, moment(9))
		}
		if err := l.client.DeleteVersion(l.t.Context(), old.Name, old.ID, false); err != nil {
			l.t.Error(err)
		}
		server.ServeHTTP(w, r)
	}
}

// TestOthersReplaceTheSource: the version that was listed is gone when its turn
// comes.
func TestOthersReplaceTheSource(t *testing.T) {
	t.Run("down", func(t *testing.T) {
		l := newLab(t)
		old := l.put("in/f", "old", moment(1))
		l.server.Fail("b2_download_file_by_id", 1, l.replace(old, "newer"))
		l.clean(l.at("in"), l.folder("dst"), b2sync.Options{})
		want(t, "files", l.files("dst"), "f=newer")
		if again := l.clean(l.at("in"), l.folder("dst"), b2sync.Options{}); again.Actions() != 0 {
			t.Errorf("the next run: %q", again.lines)
		}
	})
	t.Run("copy", func(t *testing.T) {
		l := newLab(t)
		old := l.put("in/f", "old", moment(1))
		l.server.Fail("b2_copy_file", 1, l.replace(old, "newer"))
		l.clean(l.at("in"), l.at("out"), b2sync.Options{})
		if got := l.versions(); !slices.Contains(got, "out/f upload 5") {
			t.Errorf("versions: %q", got)
		}
		if again := l.clean(l.at("in"), l.at("out"), b2sync.Options{}); again.Actions() != 0 {
			t.Errorf("the next run: %q", again.lines)
		}
	})
	for name, call := range map[string]string{"down": "b2_download_file_by_id", "copy": "b2_copy_file"} {
		t.Run("gone for good, "+name, func(t *testing.T) {
			l := newLab(t)
			old := l.put("in/f", "old", moment(1))
			l.put("in/g", "g", moment(1))
			l.server.Fail(call, 1, l.replace(old, ""))
			dst := l.folder("dst")
			if name == "copy" {
				dst = l.at("out")
			}
			o := b2sync.Options{Files: 1}
			out := l.sync(l.at("in"), dst, o)
			if out.Failed != 1 || out.Actions() != 1 || !strings.Contains(strings.Join(out.lines, "\n"), "f FAILED") {
				t.Errorf("want f reported and g done: %q", out.lines)
			}
		})
	}
	// A restore to a point in time takes no version of another time.
	t.Run("restore", func(t *testing.T) {
		l := newLab(t)
		old := l.put("in/f", "old", moment(1))
		l.server.Fail("b2_download_file_by_id", 1, l.replace(old, "newer"))
		o := b2sync.Options{UploadedAfter: new(old.Uploaded)}
		if out := l.sync(l.at("in"), l.folder("dst"), o); out.Failed != 1 {
			t.Errorf("want f reported: %q", out.lines)
		}
	})
}
