//go:build unix

package proof

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bowline-sync/bowline/b2"
)

// A change is what somebody does to a file while the program reads it. It
// answers the file's new content, or false if there is no file any more.
type change struct {
	name string
	make func(path string, n int) (now string, ok bool)
}

var changes = []change{
	{"grows", func(path string, n int) (string, bool) {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		must(err)
		defer file.Close()
		_, err = file.WriteString(strings.Repeat(letter(n), 777))
		must(err)
		return read(path), true
	}},
	{"shrinks", func(path string, n int) (string, bool) {
		must(os.Truncate(path, int64(len(read(path))-100)))
		return read(path), true
	}},
	{"is written anew", func(path string, n int) (string, bool) {
		now := strings.Repeat(letter(n), len(read(path)))
		file, err := os.OpenFile(path, os.O_WRONLY, 0) // not cut first: to be empty would be one more state
		must(err)
		defer file.Close()
		_, err = file.WriteString(now)
		must(err)
		return now, true
	}},
	{"is replaced", func(path string, n int) (string, bool) {
		now := strings.Repeat(letter(n), len(read(path)))
		must(os.WriteFile(path+".new", []byte(now), 0o666))
		must(os.Chtimes(path+".new", moment(1), moment(1))) // like the old one by size and time
		must(os.Rename(path+".new", path))
		return now, true
	}},
	{"is touched", func(path string, n int) (string, bool) {
		must(os.Chtimes(path, moment(n), moment(n)))
		return read(path), true
	}},
	{"vanishes", func(path string, n int) (string, bool) {
		_ = os.Remove(path)
		return "", false
	}},
}

func letter(n int) string { return string(rune('a' + n%26)) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func read(path string) string {
	b, err := os.ReadFile(path)
	must(err)
	return string(b)
}

// TestChangingSources: a file that changes while it is read is read once more,
// then reported by name. Whatever is stored is one state of it, never two.
func TestChangingSources(t *testing.T) {
	for _, size := range []struct {
		name  string
		bytes int
		calls []string // at which the file changes: after it was opened, before it was read to its end
	}{
		{"small", 5000, []string{uploadURL}},
		{"large", 4*labPart + 1000, []string{startLarge, uploadPart}},
	} {
		for _, c := range changes {
			for _, call := range size.calls {
				for _, times := range []int{1, 1000} {
					name := size.name + " file " + c.name + " at " + call
					if times > 1 {
						name += ", again and again"
					}
					t.Run(name, func(t *testing.T) { changingSource(t, c, size.bytes, call, times) })
				}
			}
		}
	}
}

func changingSource(t *testing.T, c change, size int, call string, times int) {
	l := newLab(t)
	old := strings.Repeat("-", size)
	l.write("src/f", old)
	l.write("src/z", "x")
	states, exists := []string{old}, true
	var happened atomic.Int32
	l.server.Fail(call, times, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if exists {
			var now string
			if now, exists = c.make(l.path("src/f"), int(happened.Add(1))+1); exists {
				states = append(states, now)
			}
		}
		server.ServeHTTP(w, r)
	})
	// One file at a time and one part at a time, so that the file is not read
	// to its end before the change.
	r := l.run("sync", "--sync-threads", "1", "--upload-threads", "1", l.path("src"), l.at("up/"))
	l.server.DropFaults()
	got := l.objects("up/")
	if happened.Load() == 0 {
		t.Fatalf("nothing changed: %v", r)
	}
	if got["z"] != "x" {
		t.Errorf("the rest did not go on: %v", r)
	}
	content, stored := got["f"]
	if stored && !slices.Contains(states, content) {
		t.Errorf("a mixture was stored: %d bytes, from %.1q to %.1q", len(content), content, content[max(0, len(content)-1):])
	}
	switch reported := mentions(errorLines(r), "f: "); {
	case !exists || times > 1:
		if r.code != 1 || !reported || stored {
			t.Errorf("want it reported by name, and nothing stored: stored %v, %v", stored, r)
		}
	case r.code != 0 || content != states[len(states)-1]:
		t.Errorf("want the new state stored: stored %v, %v", stored, r)
	}
	for f, err := range l.client.ListVersions(t.Context(), l.bucket.ID, b2.ListOptions{Prefix: "up/f"}) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Action == b2.ActionUpload && !slices.Contains(states, l.content(f)) {
			t.Error("a version is a mixture")
		}
	}
}
