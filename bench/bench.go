package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/bowline-sync/bowline/bench/stage"
)

// bench is one run of the harness.
type bench struct {
	dir      string
	rounds   int
	peers    bool   // rclone is measured, too
	profiles string // folder for profiles of Bowline, "" for none
	profile  string // file of the run under way, without its ending
	sizes    sizes

	patience time.Duration // for a quiet machine, before each run

	terminal *os.File // of runs that draw their progress

	self, b2, rclone string // programs
	real, synth      *server
}

// sizes are the sizes of the cases.
type sizes struct {
	noop, huge, million, pages int // files of the runs without changes
	small, slow                int // files of 1 KiB, without and with latency
	peer                       int // files that rclone gets of the small ones: it sends 92 a second
	large                      int64
	latency                    time.Duration
	slowThreads                []int
	trials                     bool // the cases that take minutes whatever the size
}

var (
	full = sizes{
		noop: 1_000_000, huge: 10_000_000, million: 1_000_000, pages: 700_000,
		small: 20_000, slow: 2_000, peer: 2_000, large: 4 << 30,
		latency: 100 * time.Millisecond, slowThreads: []int{10, 32, 100}, trials: true,
	}
	small = sizes{
		noop: 100_000, huge: 2_000_000, million: 1_000_000, pages: 100_000,
		small: 2_000, slow: 500, peer: 300, large: 512 << 20,
		latency: 50 * time.Millisecond, slowThreads: []int{32},
	}
)

// rcloneVersion is the peer, as a module.
const rcloneVersion = "v1.76.0"

// build finds or builds the programs to be measured.
func (b *bench) build() (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.path("home"), 0o777); err != nil {
		return err
	}
	switch {
	case b.profiles != "":
		if err := os.MkdirAll(b.profiles, 0o777); err != nil {
			return err
		}
		if err := b.buildProfiled(filepath.Join(repository(), "cmd", "b2", "main.go")); err != nil {
			return err
		}
	case b.b2 == "":
		b.b2 = b.path("b2")
		if err := goTool(repository(), nil, "build", "-o", b.b2, "./cmd/b2"); err != nil {
			return err
		}
	}
	if !b.peers {
		return nil
	}
	bin := b.path("rclone-" + rcloneVersion)
	b.rclone = filepath.Join(bin, "rclone")
	if _, err := os.Stat(b.rclone); err == nil {
		return nil
	}
	fmt.Fprintln(os.Stderr, "building rclone", rcloneVersion, "once; this takes minutes")
	return goTool("", []string{"GOBIN=" + bin}, "install", "github.com/rclone/rclone@"+rcloneVersion)
}

// repository is the folder of the tree that this program was built from.
func repository() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(file))
}

func goTool(dir string, env []string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, &out)
	}
	return nil
}

func (b *bench) path(parts ...string) string {
	return filepath.Join(append([]string{b.dir}, parts...)...)
}

// bowline makes a command of b2 against a server, with a home of its own.
func (b *bench) bowline(s *server, args ...string) *exec.Cmd {
	cmd := exec.Command(b.b2, args...)
	cmd.Env = append(b.home(),
		"B2_ENVIRONMENT="+s.url, "B2_APPLICATION_KEY_ID="+stage.KeyID, "B2_APPLICATION_KEY="+stage.Key)
	return cmd
}

// stored makes a command of b2 with the account that logIn has stored.
func (b *bench) stored(args ...string) *exec.Cmd {
	cmd := exec.Command(b.b2, args...)
	cmd.Env = append(b.home(), "B2_ACCOUNT_INFO="+b.path("home", "account"))
	return cmd
}

// logIn stores the account of a server, and by a command the ids of the buckets
// that it names.
func (b *bench) logIn(s *server, naming ...string) error {
	for _, cmd := range []*exec.Cmd{
		b.stored("account", "authorize", "--environment", s.url, stage.KeyID, stage.Key), b.stored(naming...),
	} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("b2 %s: %w: %s", strings.Join(cmd.Args[1:], " "), err, out)
		}
	}
	return nil
}

// home is an environment without anything of the user's own settings.
func (b *bench) home() []string {
	home := b.path("home")
	return []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "HOME=" + home,
		profileVariable + "=" + b.profile,
		"XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home, "XDG_STATE_HOME=" + home, "XDG_DATA_HOME=" + home,
	}
}

// peer makes a command of rclone; the remote is called b2.
func (b *bench) peer(s *server, args ...string) *exec.Cmd {
	cmd := exec.Command(b.rclone, args...)
	cmd.Env = append(b.home(), "RCLONE_CONFIG=/dev/null", "RCLONE_CONFIG_B2_TYPE=b2", "RCLONE_CONFIG_B2_ENDPOINT="+s.url,
		"RCLONE_CONFIG_B2_ACCOUNT="+stage.KeyID, "RCLONE_CONFIG_B2_KEY="+stage.Key)
	return cmd
}

// floor makes a command of one of the bare programs.
func (b *bench) floor(s *server, program string, args ...string) *exec.Cmd {
	all := []string{"floor", program}
	if s != nil {
		all = append(all, "-url", s.url, "-key-id", stage.KeyID, "-key", stage.Key)
	}
	return exec.Command(b.self, append(all, args...)...)
}
