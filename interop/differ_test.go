package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2test"
)

// The differential test: random worlds and random options are given to our
// program and to the reference's engine, and both must come to the same. Where
// we differ on purpose, an amendment of the same name as its entry in
// docs/compat.md is made to the reference, so that nothing else can hide behind
// it (testdata/reference_sync.py).
//
//	go test -run TestDiffer                     # a few worlds, some seconds
//	go test -run TestDiffer -differ.worlds 5000 # many, in each direction

// fewWorlds are compared where nobody asks for more.
const fewWorlds = 40

var differWorlds = flag.Int("differ.worlds", fewWorlds, "random worlds in each direction that TestDiffer compares with the reference")

// amendments are what we do otherwise on purpose, each with its entry in
// docs/compat.md.
var amendments = map[string]string{
	"--keep-days":               "Where the reference loses data: --keep-days",
	"filters":                   "Where the reference loses data: Filters",
	"unseen":                    "Where the reference loses data: A folder that cannot be read",
	"empty bucket":              "Where the reference loses data: An empty bucket or prefix as source",
	"only folders":              "Where the reference loses data: A source folder with folders in it but no files",
	"newer":                     "Where it gives up: A newer destination",
	"local names":               "Where it gives up: A local name that a bucket cannot hold",
	"links":                     "Where it gives up: Two links to one folder",
	"no files":                  "Where it gives up: Pipes, sockets, devices",
	"unreadable times":          "Where it gives up: An object whose modification time is no number",
	"names":                     "Where it gives up: A name in the bucket that cannot be a local file",
	"size":                      "What counts as changed: Same time, other size",
	"1 ms":                      "What counts as changed: Times 1 ms apart",
	"copies":                    "What counts as changed: Copies of objects without a modification time",
	"hidden at the destination": "What counts as changed: A name that is hidden at the destination",
	"hidden in the source":      "What counts as changed: A name that is hidden in the source bucket",
	"narrow":                    "Calls: Excludes that leave names with one literal start only",
	"folders":                   "Names: --exclude-dir-regex with a bucket",
}

// TestAmendmentsAreDocumented fails for a difference that docs/compat.md does not
// name.
func TestAmendmentsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/compat.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, entry := range amendments {
		heading, row, _ := strings.Cut(entry, ": ")
		_, section, _ := strings.Cut(string(text), "\n## "+heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if !strings.Contains(strings.ReplaceAll(section, "`", ""), "\n| "+row) {
			t.Errorf("%q: docs/compat.md has no %q", name, entry)
		}
	}
}

// reference is the reference's engine, waiting for runs.
type reference struct {
	in      io.Writer
	answers *bufio.Reader
}

// outcome is what a run came to, as far as both tools can be compared.
type outcome struct {
	Status int      `json:"status"`
	Lines  []string `json:"lines"` // actions and warnings, sorted
	Errors []string `json:"errors"`
	Told   []string `json:"told"` // amendments that made a difference
}

func startReference(t *testing.T, srv *b2test.Server) *reference {
	t.Helper()
	in, out := startPython(t, "testdata/reference_sync.py", srv.URL, srv.KeyID, srv.Key)
	return &reference{in, bufio.NewReader(out)}
}

func (r *reference) sync(t *rapid.T, now time.Time, args []string) (o outcome) {
	request := map[string]any{"args": args, "now": now.UnixMilli(), "amend": slices.Sorted(maps.Keys(amendments))}
	if err := json.NewEncoder(r.in).Encode(request); err != nil {
		t.Fatal(err)
	}
	answer, err := r.answers.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(answer, &o)
	}
	if err != nil {
		t.Fatalf("the reference did not answer: %v", err)
	}
	for i, line := range o.Lines {
		o.Lines[i] = comparable(line)
	}
	for i, line := range o.Errors {
		o.Errors[i] = errorClass(line)
	}
	slices.Sort(o.Errors)
	return o
}

// program is ours.
type program struct{ env []string }

func ourProgram(t *testing.T, srv *b2test.Server) *program {
	return &program{append(os.Environ(), "HOME="+t.TempDir(), "XDG_CONFIG_HOME=", "XDG_STATE_HOME=", "B2_ACCOUNT_INFO=",
		"B2_ENVIRONMENT="+srv.URL, "B2_APPLICATION_KEY_ID="+srv.KeyID, "B2_APPLICATION_KEY="+srv.Key)}
}

func (p *program) sync(t *rapid.T, args []string) (o outcome) {
	cmd := exec.Command(binary, append([]string{"sync", "--no-progress", "--verdict", "never"}, args...)...)
	cmd.Env = p.env
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		o.Status = failed.ExitCode()
	}
	for line := range strings.Lines(out.String()) {
		o.Lines = append(o.Lines, comparable(strings.TrimSuffix(line, "\n")))
	}
	for line := range strings.Lines(complaints.String()) {
		text := strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "ERROR: ")
		if text != "Incomplete sync: sync is incomplete" {
			o.Errors = append(o.Errors, errorClass(text))
		}
	}
	slices.Sort(o.Lines)
	slices.Sort(o.Errors)
	return o
}

// comparable is a line without what a later release of the reference words
// otherwise than the one that is installed.
func comparable(line string) string {
	if before, _, ok := strings.Cut(line, " path contains invalid name"); ok {
		return before + " path contains invalid name"
	}
	return line
}

// errorClass is what an error is about. Its words are compared where they are
// the reference's.
func errorClass(text string) string {
	text = showControls(strings.TrimSuffix(text, " (--skip-newer or --replace-newer)"))
	switch {
	case strings.Contains(text, "is empty.  Use --allow-empty-source"):
		return "empty source"
	case strings.Contains(text, "scan does not support file names"), strings.Contains(text, "a local file cannot have this name"):
		return "no local name"
	}
	return text
}

// showControls makes a name of C1 controls and separators of lines what our errors
// show of it (docs/compat.md, Output: Control characters in errors).
func showControls(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= 0x80 && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == '\u2028', r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// compare runs both tools and reports how they differ.
func (w *world) compare(t *rapid.T, args []string) outcome {
	theirs := w.reference.sync(t, w.server.Now(), append(args, w.places(0)...))
	ours := w.program.sync(t, append(args, w.places(1)...))
	theirs.Lines, theirs.Errors = w.sameRoot(theirs.Lines), w.sameRoot(theirs.Errors)
	ours.Lines, ours.Errors = w.sameRoot(ours.Lines), w.sameRoot(ours.Errors)
	if theirs.Status != ours.Status || !slices.Equal(theirs.Lines, ours.Lines) || !slices.Equal(theirs.Errors, ours.Errors) {
		t.Fatalf("sync %q\nreference: status %d\n%s\nours: status %d\n%s", args,
			theirs.Status, listed(theirs), ours.Status, listed(ours))
	}
	return theirs
}

func listed(o outcome) string {
	var b strings.Builder
	for _, line := range o.Lines {
		fmt.Fprintf(&b, "  out| %q\n", line)
	}
	for _, line := range o.Errors {
		fmt.Fprintf(&b, "  err| %q\n", line)
	}
	return b.String()
}

// sameRoot takes places out of lines that name them, which two runs do not share.
func (w *world) sameRoot(lines []string) []string {
	for i := range lines {
		for _, place := range []string{w.places(0)[1], w.places(1)[1]} {
			lines[i] = strings.ReplaceAll(lines[i], place, "DESTINATION")
		}
		lines[i] = strings.ReplaceAll(lines[i], w.places(0)[0], "SOURCE")
	}
	return lines
}

// versionsOf is all that a bucket holds, newest first within a name, without
// what is not the same in two buckets.
func (w *world) versionsOf(t *rapid.T, bucket string) []string {
	var all []string
	for file, err := range w.client.ListVersions(t.Context(), w.buckets[bucket], b2.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%q %s %d %s %s %v", file.Name, file.Action, file.Size, file.SHA1, file.ContentType, file.Info()))
	}
	return all
}

// filesOf is all regular files below a folder.
func filesOf(t *rapid.T, root string) []string {
	var all []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		name := strings.TrimPrefix(path, root)
		all = append(all, fmt.Sprintf("%q %d %s", name, info.ModTime().UnixMilli(), content))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

// TestDiffer compares dry runs and real runs, in all three directions, and a
// second run straight after.
func TestDiffer(t *testing.T) {
	needB2SDK(t)
	if err := flag.Set("rapid.checks", fmt.Sprint(*differWorlds)); err != nil {
		t.Fatal(err)
	}
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		t.Fatal(err)
	}
	// The worlds of every day are always the same: new ones are for those who
	// have time to look into what they find.
	if *differWorlds == fewWorlds && flag.Lookup("rapid.seed").Value.String() == "0" {
		if err := flag.Set("rapid.seed", "1"); err != nil {
			t.Fatal(err)
		}
	}
	told, directions := map[string]int{}, 0
	for _, direction := range []string{"up", "down", "copy"} {
		t.Run(direction, func(t *testing.T) {
			directions++
			lab := newLab(t, direction)
			rapid.Check(t, func(t *rapid.T) {
				w := lab.world(t, direction)
				args := w.options(t)
				planned := w.compare(t, append(args, "--dry-run"))
				w.compareStates(t, "after a dry run")
				done := w.compare(t, args)
				w.compareStates(t, "after the run")
				if !slices.Equal(planned.Lines, done.Lines) {
					t.Fatalf("sync %q: a dry run and a real run differ\n%s\n%s", args, listed(planned), listed(done))
				}
				w.compare(t, args)
				w.compareStates(t, "after a second run")
				for _, name := range done.Told {
					told[name]++
				}
			})
		})
	}
	t.Logf("amendments that made a difference: %v", told)
	for name := range amendments {
		if told[name] == 0 && *differWorlds >= 1000 && directions == 3 {
			t.Errorf("the amendment %q made no difference in any world", name)
		}
	}
}

// compareStates fails unless both destinations hold the same.
func (w *world) compareStates(t *rapid.T, when string) {
	var theirs, ours []string
	if w.direction == "down" {
		theirs, ours = filesOf(t, w.places(0)[1]), filesOf(t, w.places(1)[1])
	} else {
		theirs, ours = w.versionsOf(t, "reference"), w.versionsOf(t, "ours")
	}
	if !slices.Equal(theirs, ours) {
		t.Fatalf("%s the destinations differ\nreference:\n  %s\nours:\n  %s", when, strings.Join(theirs, "\n  "), strings.Join(ours, "\n  "))
	}
}
