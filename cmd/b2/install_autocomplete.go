package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/internal/ui"
)

// shells are those that completion can be installed for.
var shells = []string{"bash", "fish", "powershell", "zsh"}

func newInstallAutocomplete(e *env) *cobra.Command {
	var shell *string
	cmd := &cobra.Command{
		Use: "install-autocomplete", Short: "Make the shell complete commands, options and bucket names",
		Long: `Writes a script that completes commands, options, bucket names and file names into your
home folder, and for bash and zsh a line that loads it into your shell's settings. It
works in shells that are started from then on.

To load it in another way, print the script: b2 completion bash.`,
		Args: params,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name := *shell
			if name == "" {
				name = filepath.Base(e.getenv("SHELL"))
			}
			if !slices.Contains(shells, name) {
				return fmt.Errorf("unsupported shell: %s. Supported shells: %s. Use --shell to specify a target shell manually.", name, strings.Join(shells, ", "))
			}
			if err := e.installCompletion(cmd.Root(), name); err != nil {
				return err
			}
			_, err := fmt.Fprintf(e.stdout, "Autocomplete successfully installed for %s.\nStart a new shell to use it.\n", name)
			return err
		},
	}
	shell = addChoice(cmd.Flags(), "shell", "", "the shell (default: the one in SHELL)", shells...)
	return cmd
}

// installCompletion writes the script and sees to it that the shell loads it.
func (e *env) installCompletion(root *cobra.Command, shell string) error {
	if e.home == "" {
		return errors.New("there is no home folder to install into")
	}
	var script bytes.Buffer
	script.WriteString(e.completionScript(shell))
	var path, settings, load string
	var err error
	switch shell {
	case "bash":
		path = filepath.Join(e.home, ".bash_completion.d", e.program)
		settings, load = filepath.Join(e.home, ".bashrc"), "source "+ui.ShellWord(path)
	case "zsh":
		path = filepath.Join(e.home, ".zsh", "completion", "_"+e.program)
		settings = filepath.Join(e.home, ".zshrc")
		load = "fpath=(" + ui.ShellWord(filepath.Dir(path)) + " $fpath)\nautoload -Uz compinit && compinit"
	case "fish":
		path = filepath.Join(e.home, ".config", "fish", "completions", e.program+".fish")
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&script)
		path = filepath.Join(e.home, ".config", "powershell", e.program+"-completion.ps1")
		settings, load = filepath.Join(e.home, ".config", "powershell", "profile.ps1"), ". '"+path+"'"
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, script.Bytes(), 0o644)
	}
	if err != nil || settings == "" {
		return err
	}
	return setSection(settings, e.program+" autocomplete", load)
}

// setSection puts a section into a file of settings, in place of the one of
// that name. Whatever else is in the file stays as it is.
func setSection(path, name, content string) error {
	begin, end := "# >>> "+name+" >>>\n", "# <<< "+name+" <<<\n"
	section := begin + content + "\n" + end
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := string(old)
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	switch {
	case found && closed:
		text = before + section + after
	case text == "" || strings.HasSuffix(text, "\n"):
		text += section
	default:
		text += "\n" + section
	}
	if text == string(old) {
		return nil
	}
	return replaceFile(path, []byte(text))
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, content []byte) error {
	file, err := beginFile(path)
	if err != nil {
		return err
	}
	defer file.discard()
	if _, err := file.Write(content); err != nil {
		return err
	}
	return file.commit(time.Time{})
}
