package filelock

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A process that takes the lock of the file that is named here, says whether it
// did, and ends when its standard input does.
const childFile = "FILELOCK_TEST_FILE"

func TestMain(m *testing.M) {
	path := os.Getenv(childFile)
	if path == "" {
		os.Exit(m.Run())
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = Try(file)
	}
	if err != nil {
		os.Stdout.WriteString("E")
		os.Exit(1)
	}
	os.Stdout.WriteString("L")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// open opens the file anew, as another process would.
func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestOneHasTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	first, second := open(t, path), open(t, path)
	if _, err := first.WriteString("who"); err != nil {
		t.Fatal(err)
	}
	if err := Try(first); err != nil {
		t.Fatal(err)
	}
	if err := Try(second); !errors.Is(err, ErrTaken) {
		t.Errorf("while another has it: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "who" {
		t.Errorf("read while it is locked: %q, %v", text, err)
	}
	first.Close()
	if err := Try(second); err != nil {
		t.Errorf("after the other has closed the file: %v", err)
	}
}

func TestLockEndsWithTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	file := open(t, path)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childFile+"="+path)
	if _, err := child.StdinPipe(); err != nil { // stays open, so that the child lives
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var said [1]byte
	if _, err := io.ReadFull(out, said[:]); err != nil || said[0] != 'L' {
		t.Fatalf("the child says %q, %v", said, err)
	}
	if err := Try(file); !errors.Is(err, ErrTaken) {
		t.Errorf("while the other process lives: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if err := Try(file); err != nil {
		t.Errorf("after the other process was killed: %v", err)
	}
}
