package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The completion scripts of these shells are our own. The library's for bash
// works only where the package bash-completion is installed and loaded; those for
// zsh and fish complete no words that begin with a quote or have an escaped space
// in them, as names of files do.
var (
	//go:embed completion.bash
	completionBash string
	//go:embed completion.zsh
	completionZsh string
	//go:embed completion.fish
	completionFish string
)

// completionScript is the script for a shell, or "" where the library's does.
func (e *env) completionScript(shell string) string {
	text := map[string]string{"bash": completionBash, "zsh": completionZsh, "fish": completionFish}[shell]
	return strings.ReplaceAll(text, "PROGRAM", e.program)
}

// initCompletion adds the command that prints completion scripts, with ours in
// place of the library's.
func (e *env) initCompletion(root *cobra.Command, words []string) {
	root.InitDefaultCompletionCmd(words...)
	for shell, load := range map[string]string{
		"bash": "source <(" + e.program + " completion bash)",
		"zsh":  "source <(" + e.program + " completion zsh)",
		"fish": e.program + " completion fish | source",
	} {
		cmd, _, err := root.Find([]string{"completion", shell})
		if err != nil || cmd.Name() != shell {
			return // the words are of another command
		}
		cmd.RunE = func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(e.stdout, e.completionScript(shell))
			return err
		}
		cmd.Long = "Prints the completion script for " + shell + ". To load it in the shell that runs:\n\n    " + load
		cmd.ResetFlags()
	}
}
