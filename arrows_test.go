package bowline

import (
	"os/exec"
	"strings"
	"testing"
)

// The packages of the project and the packages of the project that each may
// lead to, however far. docs/design.md draws the arrows; this test holds them.
var arrows = map[string]string{
	"internal/wire":      "",
	"internal/filelock":  "",
	"internal/localfs":   "internal/filelock",
	"internal/pyregexp":  "",
	"b2":                 "internal/wire",
	"b2server":           "internal/wire",
	"b2sync":             "b2 internal/wire internal/filelock internal/localfs internal/pyregexp",
	"internal/account":   "b2 internal/wire",
	"internal/ui":        "b2 b2sync internal/wire internal/filelock internal/localfs internal/pyregexp",
	"internal/report":    "b2 b2sync internal/ui internal/wire internal/filelock internal/localfs internal/pyregexp",
	"internal/hashcache": "b2 b2sync internal/wire internal/filelock internal/localfs internal/pyregexp",
	"internal/history":   "b2 b2sync internal/wire internal/filelock internal/localfs internal/pyregexp",
	"b2test":             "b2 b2server internal/wire",
}

const module = "github.com/bowline-sync/bowline/"

func deps(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "./"+pkg).Output()
	if err != nil {
		t.Fatalf("go list -deps ./%s: %v", pkg, err)
	}
	return strings.Fields(string(out))
}

func TestArrows(t *testing.T) {
	for pkg, allowed := range arrows {
		may := strings.Fields(allowed)
		for _, dep := range deps(t, pkg) {
			own, ok := strings.CutPrefix(dep, module)
			if !ok || own == pkg {
				continue
			}
			found := false
			for _, m := range may {
				found = found || m == own
			}
			if !found {
				t.Errorf("%s leads to %s, which docs/design.md does not allow", pkg, own)
			}
		}
	}
}

// TestNothingShippedImportsTesting keeps test machinery out of the program.
func TestNothingShippedImportsTesting(t *testing.T) {
	for _, dep := range deps(t, "cmd/b2") {
		if dep == "testing" || dep == module+"b2test" {
			t.Errorf("the program leads to %s", dep)
		}
	}
}
