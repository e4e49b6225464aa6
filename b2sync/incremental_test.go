package b2sync_test

import (
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/b2test"
)

// TestIncremental: of a file that has grown only what is new is sent, and all
// else of a file that was changed; the old version goes after it was copied.
func TestIncremental(t *testing.T) {
	l := newLab(t, b2test.WithConfig(func(c *b2server.Config) { c.MinPartSize, c.RecommendedPartSize = 1000, 5000 }))
	o := b2sync.Options{Incremental: true, Extraneous: b2sync.ExtraneousDeleted}
	head := strings.Repeat("a line of a log\n", 200)
	l.write("src/grown", head, moment(1))
	l.write("src/changed", head, moment(1))
	l.write("src/small", "a line", moment(1))
	l.clean(l.folder("src"), l.at(""), o)

	l.write("src/grown", head+"one more\n", moment(2))
	l.write("src/changed", "A"+head[1:]+"one more\n", moment(2))
	l.write("src/small", "a line and more", moment(2))
	l.server.ResetCalls()
	want(t, "actions", l.clean(l.folder("src"), l.at(""), o).lines,
		"delete changed (old version)", "delete grown (old version)", "delete small (old version)",
		"upload changed", "upload grown", "upload small")
	calls := l.server.Calls()
	if calls["b2_copy_part"] != 1 || calls["b2_upload_part"] != 1 || calls["b2_upload_file"] != 2 {
		t.Errorf("%d parts copied, %d parts sent, %d files sent; want 1, 1 and 2",
			calls["b2_copy_part"], calls["b2_upload_part"], calls["b2_upload_file"])
	}
	want(t, "again", l.clean(l.folder("src"), l.at(""), o).lines)
	l.clean(l.at(""), l.folder("back"), b2sync.Options{})
	want(t, "files", l.files("back"), l.files("src")...)
}
