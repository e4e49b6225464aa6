package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the manual pages anew")

const manFolder = "../../docs/man"

// TestManPages holds the manual pages to what the program says of itself. After
// a change of a command or an option, write them anew:
//
//	go test ./cmd/b2 -run TestManPages -update
func TestManPages(t *testing.T) {
	e, _ := testEnv()
	root := newRoot(e)
	root.InitDefaultHelpCmd()
	pages := map[string][]byte{}
	eachCommand(root, func(cmd *cobra.Command) { pages[manName(cmd)+".1"] = manPage(cmd) })
	if *update {
		writePages(t, pages)
	}
	old, err := filepath.Glob(filepath.Join(manFolder, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		if pages[filepath.Base(path)] == nil {
			t.Errorf("%s is of no command", path)
		}
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(manFolder, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/man/%s is not what the program says (%v): run this test with -update", name, err)
		}
	}
}

func writePages(t *testing.T, pages map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(manFolder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(manFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, page := range pages {
		if err := os.WriteFile(filepath.Join(manFolder, name), page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// eachCommand calls do for each command that people are told of.
func eachCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	if cmd.Hidden || cmd.Name() == "help" {
		return
	}
	do(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, do)
	}
}

func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is a command's help in the language of man pages.
func manPage(cmd *cobra.Command) []byte {
	cmd.InitDefaultHelpFlag()
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH %q 1 \"\" \"Bowline %s\" \"Bowline\"\n", strings.ToUpper(manName(cmd)), version)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(manName(cmd)), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(strings.TrimPrefix(usageLine(cmd), "Usage: ")))
	b.WriteString(".SH DESCRIPTION\n")
	writeText(&b, cmp.Or(cmd.Long, cmd.Short))
	if cmd.HasSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range cmd.Commands() {
			if !sub.Hidden && sub.Name() != "help" {
				fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(sub.CommandPath()), roff(sub.Short))
			}
		}
	}
	writeManOptions(&b, "OPTIONS", ownFlags(cmd))
	if !cmd.HasSubCommands() {
		writeManOptions(&b, "OPTIONS OF EVERY COMMAND", inDeclaredOrder(cmd.Root().PersistentFlags()))
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(strings.TrimRight(cmd.Example, "\n")))
	}
	b.WriteString(".SH EXIT STATUS\n0 when all was done, 1 after any error or warning, 2 for wrong usage, 129, 130 or 143 after a signal.\n")
	if also := seeAlso(cmd); also != nil {
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", strings.Join(also, " (1),\n.BR "))
	}
	return b.Bytes()
}

func seeAlso(cmd *cobra.Command) (names []string) {
	if cmd.HasParent() {
		names = append(names, roff(manName(cmd.Parent())))
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "help" {
			names = append(names, roff(manName(sub)))
		}
	}
	slices.Sort(names)
	return names
}

// writeText writes paragraphs; indented ones stay as they are.
func writeText(b *bytes.Buffer, text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(paragraph, "    ") {
			fmt.Fprintf(b, ".nf\n%s\n.fi\n", roff(paragraph))
		} else {
			fmt.Fprintf(b, "%s\n", roff(paragraph))
		}
	}
}

func writeManOptions(b *bytes.Buffer, title string, flags *pflag.FlagSet) {
	started := false
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		if !started {
			fmt.Fprintf(b, ".SH %s\n", title)
			started = true
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(optionName(flag)), roff(optionText(flag)))
	})
}

// roff escapes what would mean something to a formatter.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
