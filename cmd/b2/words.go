package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// understand makes of the words that a person or a script wrote those that the
// commands know:
//
//   - old command names become today's, with a warning (old_names.go);
//   - options in the camelCase of version 3 become today's, with a warning;
//   - an abbreviated option becomes the one option of the reference that begins
//     so. Options that the reference does not have are spelled whole, so that
//     one of ours never changes what a script means.
//
// As in the reference, options stand behind the command, before or after its
// arguments.
func understand(e *env, root *cobra.Command, words []string) ([]string, error) {
	if len(words) > 0 && isInternalName(words[0]) {
		return words, nil
	}
	root.InitDefaultHelpCmd()
	e.initCompletion(root, words)
	cmd, path, rest, err := findCommand(root, words)
	if err != nil {
		return nil, err
	}
	if old := oldCommand(cmd); old != nil {
		fmt.Fprintf(e.stderr, "WARNING: `%s` command is deprecated. Use `%s` instead.\n", old.use, old.today)
	}
	rest, err = understandOptions(e, cmd, rest)
	return append(path, rest...), err
}

// unsaidCommand annotates a group with the command that is meant where none is
// named.
const unsaidCommand = "unsaid"

// findCommand follows the words down the tree of commands. path is the name of
// the command it comes to, and rest the words behind it.
func findCommand(root *cobra.Command, words []string) (cmd *cobra.Command, path, rest []string, err error) {
	cmd, rest = root, words
	for len(rest) > 0 {
		next := subcommand(cmd, rest[0])
		if next == nil {
			break
		}
		cmd, rest = next, rest[1:]
		path = append(path, cmd.Name())
	}
	if !cmd.HasSubCommands() {
		return cmd, path, rest, nil
	}
	unsaid := subcommand(cmd, cmd.Annotations[unsaidCommand])
	word := ""
	if len(rest) > 0 {
		word = rest[0]
	}
	switch {
	case isHelp(word), cmd == root && (word == "--help-all" || word == "--version"):
		return cmd, path, rest, nil
	case unsaid != nil && (word == "" || strings.HasPrefix(word, "-")):
		return unsaid, append(path, unsaid.Name()), rest, nil
	case len(rest) == 0:
		return cmd, path, rest, nil
	case strings.HasPrefix(word, "-"):
		return nil, nil, nil, &usageError{cmd, "unrecognized arguments: " + word}
	default:
		return nil, nil, nil, &usageError{cmd, unknownCommand(cmd, word)}
	}
}

func isHelp(word string) bool { return word == "-h" || word == "--help" }

// subcommand is the command of that name below cmd. Hyphens may be written as
// underscores, as in version 2.
func subcommand(cmd *cobra.Command, name string) *cobra.Command {
	name = strings.ReplaceAll(name, "_", "-")
	for _, sub := range cmd.Commands() {
		if sub.Name() == name || sub.HasAlias(name) {
			return sub
		}
	}
	return nil
}

func unknownCommand(cmd *cobra.Command, word string) string {
	text := fmt.Sprintf("there is no command %q", word)
	if cmd.SuggestionsMinimumDistance == 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return text
}

// isInternalName reports the commands that shells call for completion. Their
// arguments are a command line of their own.
func isInternalName(name string) bool {
	return name == cobra.ShellCompRequestCmd || name == cobra.ShellCompNoDescRequestCmd
}

// understandOptions rewrites the options among a command's words.
func understandOptions(e *env, cmd *cobra.Command, words []string) ([]string, error) {
	cmd.InitDefaultHelpFlag()
	flags := allFlags(cmd)
	out := make([]string, 0, len(words))
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			return append(out, words[i:]...), nil
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		if !strings.HasPrefix(word, "--") || name == "" {
			out = append(out, word)
			if takesNext(flags, word) && i+1 < len(words) {
				i++
				out = append(out, words[i])
			}
			continue
		}
		flag, err := findOption(e, cmd, flags, name)
		if err != nil {
			return nil, err
		}
		if flag == nil {
			return nil, unrecognized(cmd, word)
		}
		word = "--" + flag.Name
		if hasValue {
			word += "=" + value
		}
		out = append(out, word)
		if !hasValue && flag.NoOptDefVal == "" && i+1 < len(words) {
			i++
			out = append(out, words[i])
		}
	}
	return out, nil
}

// takesNext reports a group of short options whose last one takes the next
// word as its value.
func takesNext(flags *pflag.FlagSet, word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	flag := flags.ShorthandLookup(word[len(word)-1:])
	return flag != nil && flag.NoOptDefVal == ""
}

// allFlags are the options of a command and those that every command has.
func allFlags(cmd *cobra.Command) *pflag.FlagSet {
	all := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	all.AddFlagSet(cmd.LocalFlags())
	all.AddFlagSet(cmd.InheritedFlags())
	return all
}

// findOption finds an option by its name, its name of version 3, or the
// beginning of its name. It answers nil when there is none.
func findOption(e *env, cmd *cobra.Command, flags *pflag.FlagSet, name string) (*pflag.Flag, error) {
	if flag := flags.Lookup(name); flag != nil {
		return flag, nil
	}
	kebab := camelToKebab(name)
	flag, err := abbreviated(cmd, flags, name, kebab)
	if flag != nil && kebab != name {
		fmt.Fprintf(e.stderr, "The '--%s' argument is deprecated. Use '--%s' instead.\n", name, flag.Name)
	}
	return flag, err
}

// abbreviated is the one option of the reference that begins with prefix.
func abbreviated(cmd *cobra.Command, flags *pflag.FlagSet, name, prefix string) (*pflag.Flag, error) {
	if flag := flags.Lookup(prefix); flag != nil && !isOurs(flag) {
		return flag, nil
	}
	var found []*pflag.Flag
	flags.VisitAll(func(flag *pflag.Flag) {
		if strings.HasPrefix(flag.Name, prefix) && !isOurs(flag) {
			found = append(found, flag)
		}
	})
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	names := make([]string, len(found))
	for i, flag := range found {
		names[i] = "--" + flag.Name
	}
	return nil, &usageError{cmd, fmt.Sprintf("ambiguous option: --%s could match %s", name, strings.Join(names, ", "))}
}

// camelToKebab makes keep-days of keepDays.
func camelToKebab(name string) string {
	var out strings.Builder
	before := ' '
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			out.WriteByte('-')
		}
		out.WriteRune(unicode.ToLower(r))
		before = r
	}
	return out.String()
}

// unrecognized is the error for an option that a command does not have.
func unrecognized(cmd *cobra.Command, word string) error {
	text := "unrecognized arguments: " + word
	name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	if near := nearestOption(cmd, camelToKebab(name)); near != "" {
		text += " (did you mean --" + near + "?)"
	}
	return &usageError{cmd, text}
}

// nearestOption is the option that is at most two letters away.
func nearestOption(cmd *cobra.Command, name string) string {
	nearest, least := "", 3
	allFlags(cmd).VisitAll(func(flag *pflag.Flag) {
		if d := distance(name, flag.Name); d < least && !flag.Hidden {
			nearest, least = flag.Name, d
		}
	})
	return nearest
}

// distance is how many letters must be put in, taken out or changed to make b
// of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// ourOption marks the options that the reference does not have.
const ourOption = "bowline"

// ours marks options as ours.
func ours(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		flag := flags.Lookup(name)
		if flag.Annotations == nil {
			flag.Annotations = map[string][]string{}
		}
		flag.Annotations[ourOption] = []string{"true"}
	}
}

func isOurs(flag *pflag.Flag) bool { return flag.Annotations[ourOption] != nil }
