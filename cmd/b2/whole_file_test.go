package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestWholeFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "settings")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	write := func(text string, before func(*wholeFile)) error {
		t.Helper()
		file, err := beginFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.discard()
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
		before(file)
		return file.commit(time.UnixMilli(1_577_934_245_678))
	}
	check := func(want string) {
		t.Helper()
		if text, err := os.ReadFile(path); err != nil || string(text) != want {
			t.Errorf("the file holds %q, %v; want %q", text, err, want)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Errorf("the folder holds %v, %v", files, err)
		}
	}

	// A file that cannot be finished, as on a full disk, takes no place.
	if write("half", func(f *wholeFile) { f.Close() }) == nil {
		t.Error("a file that cannot be closed was committed")
	}
	check("old")

	if err := write("new", func(*wholeFile) {}); err != nil {
		t.Fatal(err)
	}
	check("new")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.ModTime().UnixMilli() != 1_577_934_245_678 {
		t.Errorf("its time is %v", info.ModTime())
	}
	if runtime.GOOS != "windows" && info.Mode() != 0o640 {
		t.Errorf("its mode is %v instead of that of the file before", info.Mode())
	}
}
