package bowline

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The tests of this file keep the documents honest: links lead somewhere,
// options exist, the tests that are named can be run, and the commands work.

// documents are all Markdown files of the project and their text.
var documents = sync.OnceValue(func() map[string]string {
	texts := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		texts[filepath.ToSlash(path)] = string(text)
		return err
	})
	if err != nil {
		panic(err)
	}
	return texts
})

// program is the path of b2, built once for all tests. It lies in a folder that
// TestMain removes.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "b2")
	out, err := exec.Command("go", "build", "-o", path, "./cmd/b2").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building cmd/b2: %w\n%s", err, out)
	}
	return path, nil
})

var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "bowline-docs"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

var (
	linkPattern    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fencePattern   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```")
	spanPattern    = regexp.MustCompile("`([^`\n]+)`")
	optionPattern  = regexp.MustCompile(`(?:^|[\s\[|(])(--[a-z][a-z0-9-]+)`)
	headingPattern = regexp.MustCompile(`(?m)^#+ +(.*)$`)
)

func TestLinksLeadSomewhere(t *testing.T) {
	for name, text := range documents() {
		for _, m := range linkPattern.FindAllStringSubmatch(fencePattern.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, m[1])
			} else if anchor != "" && !slices.Contains(anchors(documents()[target]), anchor) {
				t.Errorf("%s: the link %s leads to no heading", name, m[1])
			}
		}
	}
}

// anchors are the names by which the headings of a document are linked to.
func anchors(text string) []string {
	var names []string
	for _, m := range headingPattern.FindAllStringSubmatch(fencePattern.ReplaceAllString(text, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
				return r
			}
			return -1
		}, strings.ToLower(m[1]))
		names = append(names, name)
	}
	return names
}

// options are the long options of all commands, by the program's own help.
func options(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{"--help": true}
	seen := map[string]bool{}
	var visit func(words ...string)
	visit = func(words ...string) {
		if key := strings.Join(words, " "); seen[key] {
			return
		} else {
			seen[key] = true
		}
		path, err := program()
		if err != nil {
			t.Fatal(err)
		}
		help, err := exec.Command(path, append(words, "--help")...).Output()
		if err != nil {
			t.Fatalf("b2 %s --help: %v", strings.Join(words, " "), err)
		}
		for line := range strings.Lines(string(help)) {
			if m := optionLine.FindStringSubmatch(line); m != nil {
				known[m[1]] = true
			}
			prefix := "  " + strings.Join(append([]string{"b2"}, words...), " ") + " "
			if rest, ok := strings.CutPrefix(line, prefix); ok && strings.Fields(rest)[0] != "help" {
				visit(append(slices.Clone(words), strings.Fields(rest)[0])...)
			}
		}
	}
	visit()
	return known
}

var optionLine = regexp.MustCompile(`^\s+(?:-[A-Za-z], )?(--[a-z][a-z0-9-]+)`)

// ours is the part of a document that speaks of our own program: in
// docs/migrate.md, of each table its last column.
func ours(name, text string) string {
	if name != "docs/migrate.md" {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|"); len(cells) > 1 {
			line = cells[len(cells)-1] + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestOptionsExist(t *testing.T) {
	known := options(t)
	if len(known) < 10 {
		t.Fatalf("the program's help shows only %v", slices.Sorted(maps.Keys(known)))
	}
	for name, text := range documents() {
		for _, option := range mentioned(ours(name, text)) {
			if !known[option] {
				t.Errorf("%s speaks of %s, which the program's help does not show", name, option)
			}
		}
	}
}

// mentioned are the options in the code of a document, except those of
// commands that are not b2.
func mentioned(text string) []string {
	var code []string
	for _, m := range fencePattern.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(strings.ReplaceAll(m[2], "\\\n", " ")) {
			if i := strings.Index(line, "b2 "); i >= 0 {
				code = append(code, line[i:])
			}
		}
	}
	for _, m := range spanPattern.FindAllStringSubmatch(fencePattern.ReplaceAllString(text, ""), -1) {
		if strings.HasPrefix(m[1], "--") || strings.HasPrefix(m[1], "b2 ") {
			code = append(code, m[1])
		}
	}
	var options []string
	for _, c := range code {
		for _, m := range optionPattern.FindAllStringSubmatch(c, -1) {
			options = append(options, m[1])
		}
	}
	return options
}

func TestDependenciesHaveTheirLine(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(documents()["docs/design.md"], "\n## Dependencies\n")
	for line := range strings.Lines(string(mod)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(line, "\t") || strings.Contains(line, "// indirect") {
			continue
		}
		if !strings.Contains(section, "| `"+fields[0]+"` |") {
			t.Errorf("docs/design.md does not say what %s is for", fields[0])
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		if !strings.Contains(string(mod), "\t"+m[1]+" v") {
			t.Errorf("docs/design.md speaks of %s, which go.mod does not require", m[1])
		}
	}
}

// TestArrowsAreDrawn: the design draws the arrows that arrows_test.go holds.
func TestArrowsAreDrawn(t *testing.T) {
	drawn := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(\S+) +-> (.*)$`).FindAllStringSubmatch(documents()["docs/design.md"], -1) {
		drawn[m[1]] = strings.Replace(m[2], "(nothing)", "", 1)
	}
	delete(drawn, "cmd/b2")
	if !maps.Equal(drawn, arrows) {
		t.Errorf("docs/design.md draws %v\narrows_test.go holds %v", drawn, arrows)
	}
}

// TestNamedTestsExist: a document that names a test names one that can be run,
// in the package that stands beside it.
func TestNamedTestsExist(t *testing.T) {
	tests := map[string]bool{}
	functions := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range functions.FindAllSubmatch(text, -1) {
			tests[filepath.ToSlash(filepath.Dir(path))+" "+string(m[1])] = true
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z0-9]\\w*)`")
	run := regexp.MustCompile(`go test (?:-\S+ )*\./(\S+) (?:-\S+ )*-run '?\^?(Test\w+)`)
	for name, text := range documents() {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if !tests[m[1]] {
				t.Errorf("%s names %s, which does not exist", name, m[1])
			}
		}
		for _, m := range run.FindAllStringSubmatch(text, -1) {
			matches := func(test string) bool { return strings.HasPrefix(test, m[1]+" "+m[2]) }
			if !slices.ContainsFunc(slices.Collect(maps.Keys(tests)), matches) {
				t.Errorf("%s: %s runs nothing", name, m[0])
			}
		}
	}
}

// TestCommandsWork runs the sh blocks of the README and of the how-tos, word
// for word, against the built-in server. Each document has a home of its own
// with a few files in it.
func TestCommandsWork(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every command of the documents")
	}
	names := slices.Sorted(maps.Keys(documents()))
	for _, name := range names {
		if name != "README.md" && !strings.HasPrefix(name, "docs/howto/") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var script bytes.Buffer
			for _, m := range fencePattern.FindAllStringSubmatch(documents()[name], -1) {
				if m[1] == "sh" && strings.TrimSpace(m[2]) != "go test ./..." { // which is where we are
					script.WriteString(m[2])
				}
			}
			if script.Len() > 0 {
				runScript(t, script.String())
			}
		})
	}
}

// TestFirstCommandTwice: the second run of the README's first command transfers
// nothing and has nothing to say.
func TestFirstCommandTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("syncs the source tree")
	}
	first := fencePattern.FindStringSubmatch(documents()["README.md"])[2]
	first = strings.Replace(first, "go run ./cmd/b2", "b2", 1) // TestCommandsWork runs it word for word
	out := runScript(t, first+"echo AGAIN\n"+first)
	before, after, _ := strings.Cut(out, "AGAIN\n")
	if !strings.Contains(before, "\nupload README.md\n") || !strings.Contains(before, "\ndone: ") {
		t.Errorf("the first run printed\n%s", before)
	}
	if after != "" {
		t.Errorf("the second run printed\n%s", after)
	}
}

// runScript runs a script in a home of its own and answers what it printed.
func runScript(t *testing.T, script string) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	for name, content := range map[string]string{
		"Photos/2025/sea.jpg": "the sea", "Photos/cat.jpg": "a cat", "Photos/.cache/thumbs": "small",
		"Documents/letter.txt": "Dear all", "Documents/Thumbs.db": "junk",
	} {
		file := filepath.Join(home, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Env = append(os.Environ(), "HOME="+home, "B2_ENVIRONMENT=local",
		"PATH="+filepath.Dir(path)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, name+"="+strings.TrimSpace(string(value)))
	}
	for _, unset := range []string{"XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
		"B2_APPLICATION_KEY", "B2_APPLICATION_KEY_ID", "B2_ACCOUNT_INFO"} {
		cmd.Env = append(cmd.Env, unset+"=")
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	return string(out)
}
