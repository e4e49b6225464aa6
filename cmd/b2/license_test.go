package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLicences holds the text of `b2 license` to what the program is built
// from. After a change of the modules, write it anew:
//
//	go test ./cmd/b2 -run TestLicences -update
func TestLicences(t *testing.T) {
	if testing.Short() {
		t.Skip("asks the go command")
	}
	want := licences(t)
	if *update {
		if err := os.WriteFile("license.txt", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if licenseText != string(want) {
		t.Error("license.txt is not what the program is built from: run this test with -update")
	}
}

// licences is our own licence and then those of all modules that the program is
// built from, in the order of their paths. A text that several modules share is
// there once.
func licences(t *testing.T) []byte {
	own, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}", ".").Output()
	if err != nil {
		t.Skipf("the go command cannot be asked: %v", err)
	}
	modules := map[string][]string{} // by text
	var texts []string
	packages := slices.Sorted(strings.Lines(string(out))) // not in the order of imports, which changes often
	for _, line := range slices.Compact(packages) {
		path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		text := licenceOf(t, path, dir)
		if modules[text] == nil {
			texts = append(texts, text)
		}
		modules[text] = append(modules[text], path)
	}
	b := bytes.NewBuffer(own)
	for _, text := range texts {
		fmt.Fprintf(b, "\n%s\n%s\n\n%s\n", strings.Repeat("-", 80), strings.Join(modules[text], "\n"), text)
	}
	return b.Bytes()
}

// licenceOf is the licence that lies in a module's folder.
func licenceOf(t *testing.T, path, dir string) string {
	for _, pattern := range []string{"LICENSE*", "LICENCE*", "UNLICENSE*", "COPYING*", "README*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if text, err := os.ReadFile(name); err == nil {
				return strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))
			}
		}
	}
	t.Fatalf("%s has no licence", path)
	return ""
}
