//go:build unix

package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/bowline-sync/bowline/b2test"
)

// bucketNames are names that the service takes.
var bucketNames = []struct {
	name string
	held bool // as a file on Linux
}{
	{"../up", false}, {"a/../../up", false}, {"..", false}, {"a/..", false}, {".", false}, {"./dot", false}, {"d/./dot", false},
	{"/abs", false}, {"//abs", false}, {"/etc/passwd", false}, {"a//b", false}, {"tail//", false}, {"with content/", false},
	{`C:\drive`, true}, {"C:/drive", true}, {"D:", true}, {`\\server\share`, true}, {`..\up`, true}, {"file:stream", true},
	{"CON", true}, {"nul.txt", true}, {"AUX/x", true}, {"COM1", true}, {"LPT¹", true},
	{"trailing.", true}, {"trailing ", true}, {"trailing.folder./x", true}, {"...", true}, {" leading", true}, {".hidden", true},
	{"-rf", true}, {"--delete", true}, {"~root", true}, {"$(touch owned)", true}, {"`id`", true}, {"a;b|c&d", true}, {`q'u"o`, true}, {"*?[x]", true},
	{"%2e%2e/%2fup", true}, {"%00", true}, {"+plus +", true}, {"a=b?c#d", true}, {"&lt;script>", true},
	{"caf\u00e9", true}, {"cafe\u0301", true}, {"Case", true}, {"case", true}, {"Folder/x", true}, {"folder/x", true},
	{"rtl\u202etxt.exe", true}, {"line\u2028break", true}, {"zero\u200bwidth", true}, {"\ufeffbom", true}, {"\ufffd", true}, {"emoji😀", true}, {"nonchar\uffff", true},
	{"c1\u009b31mred", true}, {"c1\u009d0;title\u009c", true}, {"nel\u0085", true},
	{strings.Repeat("n", 255), true}, {strings.Repeat("n", 256), false}, {strings.Repeat("é", 128), false},
	{strings.Repeat(strings.Repeat("p", 127)+"/", 7) + strings.Repeat("q", 128), true}, // 1,024 bytes
	{strings.Repeat("w", 1024), false},
	{strings.Repeat("d/", 500) + "deep", true},
	{".b2sync-0123456789abcdef.part", false}, {"x/.b2sync-0123456789abcdef.journal", false},
}

// TestHostileNamesDown: what a file system can hold is held byte for byte, the
// rest is reported by name, and nothing else is touched.
func TestHostileNamesDown(t *testing.T) {
	l := newLab(t)
	want := map[string]string{"dst/bystander": "untouched", "outside": "untouched"}
	l.write("in/dst/bystander", "untouched")
	l.write("in/outside", "untouched")
	refused := 0
	for _, n := range bucketNames {
		l.put(n.name, "content of "+n.name)
		if n.held {
			want["dst/"+n.name] = "content of " + n.name
		} else {
			refused++
		}
	}
	l.put("marker/", "")
	for run := range 2 {
		r := l.run("sync", "--escape-control-characters", l.at(""), l.path("in/dst"))
		if r.code != 1 {
			t.Errorf("run %d: %v", run, r)
		}
		sameTree(t, "the destination and what is beside it", l.tree("in"), want)
		errs := errorLines(r)
		for _, n := range bucketNames {
			if !n.held && !mentions(errs, n.name) {
				t.Errorf("run %d: %.60q is not reported by name", run, n.name)
			}
		}
		if len(errs) != refused {
			t.Errorf("run %d: %d errors for %d names that cannot be held:\n%s", run, len(errs), refused, strings.Join(errs, "\n"))
		}
		if got := strings.Count(r.out, "dnload "); run == 1 && got != 0 {
			t.Errorf("the second run downloads %d files again:\n%s", got, r.out)
		}
	}
	if info, err := os.Stat(l.path("in/dst/marker")); err != nil || !info.IsDir() {
		t.Errorf("the folder marker made no folder: %v", err)
	}
}

// errorLines are the lines that report a name.
func errorLines(r result) (lines []string) {
	for line := range strings.Lines(r.errs) {
		if strings.HasPrefix(line, "ERROR") && !strings.HasPrefix(line, "ERROR: Incomplete sync") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// mentions says whether a line has a name, or the beginning of a long one.
func mentions(lines []string, name string) bool {
	for _, line := range lines {
		if strings.Contains(line, name[:min(len(name), 50)]) {
			return true
		}
	}
	return false
}

// TestFileAndFolderOfOneName: a bucket may have both, a folder one of them.
func TestFileAndFolderOfOneName(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"clash", "clash/file", "other", "other/deep/file", "plain"} {
		l.put(name, "content of "+name)
	}
	r := l.run("sync", l.at(""), l.path("dst"))
	got := l.tree("dst")
	if r.code != 1 || len(errorLines(r)) != 2 || len(got) != 3 || got["plain"] == "" {
		t.Errorf("want one of each kind held, and one reported: %v\n%v", got, r)
	}
	for name, content := range got {
		if content != "content of "+name {
			t.Errorf("%q has the content %q", name, content)
		}
	}
}

// TestHostileNamesCopy: between buckets every name of the service is held.
func TestHostileNamesCopy(t *testing.T) {
	l := newLab(t)
	want := map[string]string{}
	for _, n := range bucketNames {
		if len(n.name) > 1024-len("src/") {
			continue
		}
		l.put("src/"+n.name, "content of "+n.name)
		want[n.name] = "content of " + n.name
	}
	l.put("src/marker/", "")
	want["marker/"] = ""
	l.put("src/bystander", "x")
	l.put("srcs", "untouched")
	want["bystander"] = "x"
	for range 2 {
		if r := l.run("sync", "--delete", l.at("src/"), l.at("dst/")); r.code != 0 {
			t.Error(r)
		}
		sameTree(t, "the copy", l.objects("dst/"), want)
		sameTree(t, "the source", l.objects("src/"), want)
	}
	if got := l.objects("srcs")[""]; got != "untouched" {
		t.Errorf("a neighbour was changed: %q", got)
	}
}

// TestCopyBeyondTheLimit: a name that the longer prefix makes too long is
// reported.
func TestCopyBeyondTheLimit(t *testing.T) {
	l := newLab(t)
	long := strings.Repeat("p/", 505) + "long"
	l.put("s/"+long, "x")
	l.put("s/short", "x")
	r := l.run("sync", l.at("s/"), l.at("a-longer-prefix/"))
	if errs := errorLines(r); r.code != 1 || len(errs) != 1 || !mentions(errs, long) {
		t.Error(r)
	}
	sameTree(t, "the copy", l.objects("a-longer-prefix/"), map[string]string{"short": "x"})
}

// fileNames are names of files on Linux.
var fileNames = []struct {
	name string
	held bool // as an object
}{
	{"new\nline", false}, {"tab\t", false}, {"\x01\x02", false}, {"bell\a", false}, {"del\x7f", false},
	{"\x1b]0;owned\a", false}, {"\x1b[31mred\x1b[0m", false}, {"\x1b[2J", false}, {"cr\rover", false},
	{"latin1-\xe9", false}, {"\xff\xfe", false}, {"cut-\xe2\x82", false}, {"surrogate-\xed\xa0\x80", false}, {"overlong-\xc0\xaf", false},
	{"folder\xff/file", false}, {"folder\x1b[7m/file", false},
	{`back\slash`, false}, {`..\up`, false}, {`C:\x`, false},
	{"C:", true}, {"CON", true}, {"nul.txt", true}, {"trailing.", true}, {"trailing ", true}, {"...", true}, {" ", true},
	{"-rf", true}, {"--delete", true}, {"~root", true}, {"$(touch owned)", true}, {`q'u"o`, true}, {"*?[x]", true},
	{"%2e%2e", true}, {"%00", true}, {"+plus +", true}, {"a=b?c#d", true}, {"&lt;script>", true},
	{"caf\u00e9", true}, {"cafe\u0301", true}, {"Case", true}, {"case", true}, {"Folder/x", true}, {"folder/x", true},
	{"rtl\u202etxt.exe", true}, {"line\u2028break", true}, {"\ufeffbom", true}, {"\ufffd", true}, {"emoji😀", true}, {"nonchar\uffff", true},
	{"c1\u009b31mred", true}, {"nel\u0085", true},
	{strings.Repeat("n", 255), true},
	{strings.Repeat(strings.Repeat("p", 127)+"/", 7) + strings.Repeat("q", 128), true}, // 1,024 bytes
	{strings.Repeat(strings.Repeat("P", 127)+"/", 7) + strings.Repeat("q", 129), false},
}

func TestHostileNamesUp(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("the file systems of macOS do not hold these names")
	}
	l := newLab(t)
	want := map[string]string{}
	refused := 0
	for _, n := range fileNames {
		l.write("src/"+n.name, "content of "+n.name)
		if n.held {
			want[n.name] = "content of " + n.name
		} else {
			refused++
		}
	}
	if err := syscall.Mkfifo(l.path("src/pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	l.put("bystander", "untouched")
	want["bystander"] = "untouched"
	for run := range 2 {
		r := l.run("sync", "--escape-control-characters", l.path("src"), l.at(""))
		if r.code != 1 {
			t.Errorf("run %d: %v", run, r)
		}
		sameTree(t, "the bucket", l.objects(""), want)
		if said := strings.Count(r.all(), "WARNING") + strings.Count(r.all(), "ERROR"); said < refused {
			t.Errorf("run %d: %d lines about %d names that cannot be held:\n%v", run, said, refused, r.all())
		}
		if got := strings.Count(r.out, "upload "); run == 1 && got != 0 {
			t.Errorf("the second run uploads %d files again:\n%s", got, r.out)
		}
	}
}

// terminalTricks are what a terminal obeys, in a name.
var terminalTricks = []string{"\x1b]0;owned\a", "\x1b[31mred", "\x1b[2J", "\u009b31mred", "\u009d0;owned\u009c", "\a\b\b\b", "over\rwritten", "new\nline", "\x1bc"}

// TestNoEscapeReachesATerminal: names with escape sequences, on both sides and
// in every direction, with all streams on a terminal.
func TestNoEscapeReachesATerminal(t *testing.T) {
	l := newLab(t)
	for i, trick := range terminalTricks {
		l.write(fmt.Sprintf("src/%d%s", i, trick), "x")
		l.write(fmt.Sprintf("src/folder%d%s/file", i, trick), "x")
		l.write(fmt.Sprintf("dst/%d%s", i, trick), "extra")
		l.put(fmt.Sprintf("in/ctl-%d", i), "x")
	}
	l.server.Fail("b2_list_file_names", 1000, rewriteNames(terminalTricks))
	l.server.Fail("b2_list_file_versions", 1000, rewriteNames(terminalTricks))
	for _, args := range [][]string{
		{"sync", l.path("src"), l.at("up/")},
		{"sync", l.at("in/"), l.path("dst")},
		{"sync", "--delete", l.at("in/"), l.path("dst")},
		{"sync", l.at("in/"), l.at("copy/")},
		{"ls", "--recursive", l.at("in/")},
		{"ls", "--long", "--versions", "--recursive", l.at("in/")},
		{"rm", "--recursive", "--dry-run", l.at("in/")},
	} {
		r := program{args: append(args, "--no-progress"), terminal: true}
		if args[0] == "ls" {
			r.args = args
		}
		got := r.run(t, l.env)
		if i := strings.IndexAny(got.out, "\x1b\a\b\u009b\u009d"); i >= 0 {
			t.Errorf("b2 %q sent a control character: %.60q", args, got.out[max(0, i-20):])
		}
		for line := range strings.SplitSeq(got.out, "\n") {
			if strings.Contains(strings.TrimRight(line, "\r"), "\r") {
				t.Errorf("b2 %q sent a bare carriage return: %.60q", args, line)
			}
		}
		if len(got.out) < 100 {
			t.Errorf("b2 %q said nothing: %v", args, got)
		}
	}
	l.server.DropFaults()
}

// rewriteNames makes the listing name objects as no honest service would: the
// object ctl-3 ends in the fourth of the endings.
func rewriteNames(endings []string) b2test.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		for i, ending := range endings {
			quoted, _ := json.Marshal(ending)
			body = bytes.ReplaceAll(body, fmt.Appendf(nil, `ctl-%d"`, i), fmt.Appendf(nil, `ctl-%d%s`, i, quoted[1:]))
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	}
}

// TestNamesOfALyingService: zero bytes, control characters and bytes that are
// not UTF-8, which no bucket has, but an answer may.
func TestNamesOfALyingService(t *testing.T) {
	l := newLab(t)
	endings := []string{"\x00", "\x00.txt", "\x1b[31m", "\n", "/../../../up", "/..", "//x", "/", "\t", "\x7f"}
	held := map[int]bool{2: true, 3: true, 8: true, 9: true} // strange, but a Linux file can be called so
	want := map[string]string{"dst/bystander": "untouched", "outside": "untouched"}
	l.write("in/dst/bystander", "untouched")
	l.write("in/outside", "untouched")
	for i, ending := range endings {
		l.put(fmt.Sprintf("in/ctl-%d", i), "x")
		if held[i] {
			want[fmt.Sprintf("dst/ctl-%d%s", i, ending)] = "x"
		}
	}
	l.server.Fail("b2_list_file_names", 1000, rewriteNames(endings))
	r := l.run("sync", "--escape-control-characters", l.at("in/"), l.path("in/dst"))
	l.server.DropFaults()
	if r.code != 1 || len(errorLines(r)) != len(endings)-len(held) {
		t.Error(r)
	}
	sameTree(t, "the destination and what is beside it", l.tree("in"), want)
	if strings.ContainsAny(r.all(), "\x00\x1b") {
		t.Errorf("a control character was printed: %v", r)
	}
}
