package interop

import (
	"bufio"
	"bytes"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// simulator is a B2 server that is not ours: the one inside b2sdk, behind
// HTTP. It shows where our client and our server would be wrong together.
func simulator(t *testing.T) server {
	t.Helper()
	needB2SDK(t)
	_, out := startPython(t, "testdata/simulator.py")
	lines := bufio.NewScanner(out)
	var s server
	for _, to := range []*string{&s.url, &s.keyID, &s.key} {
		if !lines.Scan() {
			t.Fatal("the simulator did not say where it is")
		}
		*to = lines.Text()
	}
	return s
}

// advance sets the simulator's clock forward.
func advance(t *testing.T, s server, days string) {
	t.Helper()
	resp, err := http.Post(s.url+"/advance?days="+days, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("advance: %s %v", resp.Status, err)
	}
}

// ours makes a function that runs our program against s, with an account file
// of its own.
func ours(t *testing.T, s server) func(args ...string) string {
	env := []string{"HOME=" + t.TempDir(), "XDG_CONFIG_HOME=", "B2_ACCOUNT_INFO=", "B2_ENVIRONMENT=" + s.url,
		"B2_APPLICATION_KEY_ID=" + s.keyID, "B2_APPLICATION_KEY=" + s.key}
	return func(args ...string) string {
		t.Helper()
		return tool(t, env, binary, args...)
	}
}

// tree is the content of every file below dir, by name.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sameTree fails unless two folders hold the same files.
func sameTree(t *testing.T, got, want string) {
	t.Helper()
	g, w := tree(t, got), tree(t, want)
	if !slices.Equal(slices.Sorted(maps.Keys(g)), slices.Sorted(maps.Keys(w))) {
		t.Errorf("got %q\nwant %q", slices.Sorted(maps.Keys(g)), slices.Sorted(maps.Keys(w)))
	}
	for name := range w {
		if g[name] != w[name] {
			t.Errorf("%s: %d bytes differ from the %d that were sent", name, len(g[name]), len(w[name]))
		}
	}
}

// versions counts the versions and hide markers of each name.
func versions(list string) map[string]int {
	counts := map[string]int{}
	for line := range strings.Lines(list) {
		counts[strings.TrimSpace(line)]++
	}
	return counts
}

// idle fails unless the sync did nothing.
func idle(t *testing.T, out string) {
	t.Helper()
	if strings.TrimSpace(out) != "" {
		t.Errorf("a second run did something:\n%s", out)
	}
}

func TestSyncAgainstSimulator(t *testing.T) {
	s := simulator(t)
	b2 := ours(t, s)
	src := t.TempDir()
	write(t, src, "a.txt", []byte("hello"))
	write(t, src, "d/b", []byte("deeper"))
	write(t, src, "d/ü b+c%20", []byte("names"))
	write(t, src, "empty", nil)
	write(t, src, "large", bytes.Repeat([]byte("0123456789"), 55_000)) // six parts
	for name := range tree(t, src) {
		old := time.UnixMilli(1_500_000_000_123)
		if err := os.Chtimes(filepath.Join(src, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	sync := func(args ...string) string {
		t.Helper()
		return b2(append([]string{"sync", "--no-progress", "--verdict", "changes"}, args...)...)
	}
	for _, bucket := range []string{"simulated", "copied"} {
		b2("bucket", "create", bucket, "allPrivate")
	}

	sync(src, "b2://simulated/tree")
	idle(t, sync(src, "b2://simulated/tree"))
	down := t.TempDir()
	sync("b2://simulated/tree", down)
	sameTree(t, down, src)
	idle(t, sync("b2://simulated/tree", down))

	sync("b2://simulated/tree", "b2://copied/there")
	idle(t, sync("b2://simulated/tree", "b2://copied/there"))
	copied := t.TempDir()
	sync("b2://copied/there", copied)
	sameTree(t, copied, src)

	write(t, src, "a.txt", []byte("hello again"))
	if err := os.Remove(filepath.Join(src, "d/b")); err != nil {
		t.Fatal(err)
	}
	sync("--keep-days", "5", src, "b2://simulated/tree")
	want := map[string]int{"tree/a.txt": 2, "tree/d/b": 2, "tree/d/ü b+c%20": 1, "tree/empty": 1, "tree/large": 1}
	list := func() map[string]int {
		t.Helper()
		return versions(b2("ls", "--versions", "--recursive", "b2://simulated/tree"))
	}
	if got := list(); !maps.Equal(got, want) {
		t.Errorf("--keep-days at once: %v, want %v", got, want)
	}
	advance(t, s, "4")
	idle(t, sync("--keep-days", "5", src, "b2://simulated/tree"))
	advance(t, s, "2")
	sync("--keep-days", "5", src, "b2://simulated/tree")
	want["tree/a.txt"] = 1
	delete(want, "tree/d/b")
	if got := list(); !maps.Equal(got, want) {
		t.Errorf("--keep-days later: %v, want %v", got, want)
	}

	write(t, src, "large", bytes.Repeat([]byte("9876543210"), 55_000))
	if err := os.Remove(filepath.Join(src, "empty")); err != nil {
		t.Fatal(err)
	}
	sync("--delete", src, "b2://simulated/tree")
	delete(want, "tree/empty")
	if got := list(); !maps.Equal(got, want) {
		t.Errorf("--delete: %v, want %v", got, want)
	}
	sync("--delete", "--replace-newer", "b2://simulated/tree", down)
	sameTree(t, down, src)
}

// TestFilesAgainstSimulator drives the commands beside sync: what they print is
// of files that another server describes.
func TestFilesAgainstSimulator(t *testing.T) {
	s := simulator(t)
	b2 := ours(t, s)
	dir := t.TempDir()
	content := strings.Repeat("0123456789", 55_000)
	write(t, dir, "large", []byte(content))
	b2("bucket", "create", "files", "allPrivate")
	b2("file", "upload", "--no-progress", "files", filepath.Join(dir, "large"), "d/large")
	b2("file", "server-side-copy", "b2://files/d/large", "b2://files/e/large")
	for _, name := range []string{"d/large", "e/large"} {
		if got := b2("file", "cat", "--no-progress", "b2://files/"+name); got != content {
			t.Errorf("%s: %d bytes came back of %d", name, len(got), len(content))
		}
	}
	if info := b2("file", "info", "b2://files/e/large"); !strings.Contains(info, `"large_file_sha1"`) {
		t.Errorf("the copy lost its hash:\n%s", info)
	}
	b2("file", "hide", "b2://files/d/large")
	if got := b2("ls", "-r", "b2://files"); strings.TrimSpace(got) != "e/large" {
		t.Errorf("ls after hiding: %q", got)
	}
	b2("file", "unhide", "b2://files/d/large")
	b2("rm", "--no-progress", "--recursive", "--versions", "b2://files")
	if got := b2("ls", "-r", "--versions", "b2://files"); got != "" {
		t.Errorf("ls after rm: %q", got)
	}
	if got := b2("key", "create", "--bucket", "files", "confined", "listFiles,readFiles"); len(strings.Fields(got)) != 2 {
		t.Errorf("key create: %q", got)
	}
}
