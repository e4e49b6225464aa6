//go:build unix

package proof

import (
	"strings"
	"testing"
	"time"

	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2test"
)

// TestRetryForEnds takes the server away for good: the program gives up when
// the time is over that it was given, and says why.
func TestRetryForEnds(t *testing.T) {
	t.Parallel()
	l := newCrashLab(t)
	l.write("src/a", "a")
	l.service.cmd.Process.Kill()
	r := l.run("sync", "--retry-for", "1s", l.path("src"), l.at("up"))
	failsClearly(t, r, "connection refused")
	if r.took > 30*time.Second || strings.Count(r.errs, "\n") > 2 {
		t.Errorf("want a short word, soon: %v", r)
	}
}

// TestServerWithRandomFaults has our server refuse one call in ten, slowly: the
// program gets through, and counts its retries in the verdict only.
func TestServerWithRandomFaults(t *testing.T) {
	t.Parallel()
	l := newCrashLab(t, "--faults", "0.1", "--fault-seed", "7", "--latency", "1ms", "--bandwidth", "50M")
	want := l.crowd("src", chance(t), 15)
	said := ""
	for _, hop := range [][2]string{{l.path("src"), l.at("up/")}, {l.at("up/"), l.at("across/")}, {l.at("across/"), l.path("dst")}} {
		r := l.run("sync", hop[0], hop[1])
		if r.code != 0 || r.errs != "" {
			t.Errorf("want a clean run: %v", r)
		}
		said += r.out
	}
	if !strings.Contains(said, "retr") {
		t.Errorf("no verdict speaks of retries:\n%s", said)
	}
	sameTree(t, "what came back", l.tree("dst"), want)
}

// TestCapsAreNamed meets each of the account's caps: the run stops, and says
// which one it was.
func TestCapsAreNamed(t *testing.T) {
	for _, c := range []struct {
		name string
		caps b2server.Caps
		from string
		say  string
	}{
		{"class C", b2server.Caps{ClassC: 3}, "local", "transaction cap"},
		{"class B", b2server.Caps{ClassB: 1}, "bucket", "transaction cap"},
		{"download", b2server.Caps{Download: 5000}, "bucket", "download cap"},
		{"storage", b2server.Caps{Storage: 5000}, "local", "storage cap"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, b2test.WithConfig(func(cfg *b2server.Config) {
				cfg.MinPartSize, cfg.RecommendedPartSize, cfg.Caps = labMinPart, labPart, c.caps
			}))
			from, to := l.path("src"), l.at("up")
			want := files(200, 100)
			for name, content := range want {
				if c.from == "local" {
					l.write("src/"+name, content)
				} else {
					l.put("in/"+name, content)
				}
			}
			if c.from == "bucket" {
				from, to = l.at("in"), l.path("dst")
			}
			r := l.run("sync", "--threads", "2", from, to)
			failsClearly(t, r, c.say)
			if n := strings.Count(r.errs, "\n"); n > 10 {
				t.Errorf("the run went on against the cap: %d lines\n%v", n, r)
			}
			if c.from == "bucket" {
				wholeOrNot(t, l.path("dst"), want)
			}
		})
	}
}
