package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The completion script for bash is our own: the library's works only where the
// package bash-completion is installed and loaded.
//
//go:embed completion.bash
var completionBash string

func (e *env) bashCompletion() string {
	return strings.ReplaceAll(completionBash, "PROGRAM", e.program)
}

// initCompletion adds the command that prints completion scripts, with our
// script for bash.
func (e *env) initCompletion(root *cobra.Command, words []string) {
	root.InitDefaultCompletionCmd(words...)
	bash, _, err := root.Find([]string{"completion", "bash"})
	if err != nil || bash.Name() != "bash" {
		return // the words are of another command
	}
	bash.RunE = func(*cobra.Command, []string) error {
		_, err := fmt.Fprint(e.stdout, e.bashCompletion())
		return err
	}
	bash.Long = "Prints the completion script for bash. To load it in the shell that runs:\n\n    source <(" + e.program + " completion bash)"
}
