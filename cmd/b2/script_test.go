package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sync/errgroup"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"b2":   main,
		"b2v3": main,
	})
}

// TestScript runs the transcripts in testdata/script. Each has a server of its
// own, over a socket, whose clock and calls the commands below can see; the
// account is in the environment. Scripts that need none take it out again.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setupScript,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"clock":    cmdClock,
			"calls":    cmdCalls,
			"fill":     cmdFill,
			"random":   cmdRandom,
			"mtime":    cmdMtime,
			"sametree": cmdSameTree,
			"terminal": cmdTerminal,
		},
	})
}

// world is what the commands of a script share.
type world struct {
	url, keyID, key string

	mu     sync.Mutex
	ahead  time.Duration // of the server's clock
	counts map[string]int
}

type worldKey struct{}

func setupScript(e *testscript.Env) error {
	w := &world{keyID: "0123456789ab", key: "K000secretsecretsecretsecretsecr", counts: map[string]int{}}
	server, err := b2server.New(b2server.Config{
		Store: b2server.NewMemStore(), KeyID: w.keyID, Key: w.key, Clock: w.now, MaintainEvery: -1,
		RecommendedPartSize: 8 << 20, // so that large files need not be very large
	})
	if err != nil {
		return err
	}
	h := httptest.NewServer(w.count(server))
	e.Defer(func() {
		h.Close()
		server.Close()
	})
	w.url = h.URL
	e.Values[worldKey{}] = w
	home := filepath.Join(e.WorkDir, "home")
	e.Setenv("HOME", home)
	e.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	e.Setenv("B2_ENVIRONMENT", w.url)
	e.Setenv("B2_APPLICATION_KEY_ID", w.keyID)
	e.Setenv("B2_APPLICATION_KEY", w.key)
	e.Setenv("KEY_ID", w.keyID)
	e.Setenv("KEY", w.key)
	e.Setenv("URL", w.url)
	return os.MkdirAll(home, 0o755)
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// clock DURATION moves the server's clock forward.
func cmdClock(ts *testscript.TestScript, neg bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

// calls forgets the calls counted so far; calls NAME N checks how many there
// were of one kind since; calls NAME N or fewer, with "-N".
func cmdCalls(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(args) == 0 {
		clear(w.counts)
		return
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	got := w.counts[args[0]]
	if want < 0 && got > -want || want >= 0 && got != want {
		ts.Fatalf("%s was called %d times, want %s; all calls: %v", args[0], got, args[1], w.counts)
	}
}

// fill BUCKET PREFIX N makes N small objects.
func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	ctx := context.Background()
	client := b2.New(b2.Config{Endpoint: w.url, KeyID: w.keyID, Key: b2.Secret(w.key), Uploads: 16})
	ref, err := client.BucketByName(ctx, args[0])
	ts.Check(err)
	var group errgroup.Group
	group.SetLimit(16)
	for i := range n {
		group.Go(func() error {
			_, err := client.Upload(ctx, b2.UploadRequest{
				BucketID: ref.ID, Name: fmt.Sprintf("%s%05d", args[1], i), Content: strings.NewReader("x"), Size: 1,
			})
			return err
		})
	}
	ts.Check(group.Wait())
}

// random FILE SIZE makes a file of pseudo-random bytes.
func cmdRandom(ts *testscript.TestScript, neg bool, args []string) {
	size, err := parseBytes(args[1])
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	file, err := os.Create(path)
	ts.Check(err)
	defer file.Close()
	_, err = io.CopyN(file, rand.NewChaCha8(sha1Seed(args[0])), size)
	ts.Check(err)
}

func sha1Seed(text string) (seed [32]byte) {
	sum := sha1.Sum([]byte(text))
	copy(seed[:], sum[:])
	return seed
}

// mtime TIME FILE... sets modification times.
func cmdMtime(ts *testscript.TestScript, neg bool, args []string) {
	at, err := time.Parse(time.RFC3339Nano, args[0])
	ts.Check(err)
	for _, file := range args[1:] {
		ts.Check(os.Chtimes(ts.MkAbs(file), at, at))
	}
}

// sametree A B compares two folders: names, contents, and times to the ms.
func cmdSameTree(ts *testscript.TestScript, neg bool, args []string) {
	a, err := readTree(ts.MkAbs(args[0]))
	ts.Check(err)
	b, err := readTree(ts.MkAbs(args[1]))
	ts.Check(err)
	if (a == b) == neg {
		ts.Fatalf("%s:\n%s\n%s:\n%s", args[0], a, args[1], b)
	}
}

func readTree(root string) (string, error) {
	var out strings.Builder
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		fmt.Fprintf(&out, "%s %x %d %d\n", name, sha1.Sum(content), len(content), info.ModTime().UnixMilli())
		return nil
	})
	return out.String(), err
}

// terminal COMMAND... runs a command with all its streams on a terminal and
// leaves what it wrote in the file "terminal".
func cmdTerminal(ts *testscript.TestScript, neg bool, args []string) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = scriptEnv(ts)
	if path, err := exec.LookPath(args[0]); err == nil {
		cmd.Path = path
	}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	ts.Check(err)
	var out bytes.Buffer
	_, copied := io.Copy(&out, tty) // ends with an error when the command does
	_ = copied
	err = cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	ts.Check(os.WriteFile(ts.MkAbs("terminal"), out.Bytes(), 0o644))
	if (err != nil) != neg {
		ts.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
}

func scriptEnv(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{
		"PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "B2_ENVIRONMENT", "B2_APPLICATION_KEY_ID", "B2_APPLICATION_KEY", "B2_ACCOUNT_INFO",
	} {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return append(env, "TERM=xterm")
}
