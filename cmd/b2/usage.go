package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// params says which arguments a command takes, in the notation of its Use line:
// "source destination [more]". The result checks them as the reference does.
func params(cmd *cobra.Command, args []string) error {
	var missing []string
	required, optional := 0, 0
	for _, name := range strings.Fields(cmd.Use)[1:] {
		if strings.HasPrefix(name, "[") {
			optional++
			continue
		}
		required++
		if required > len(args) {
			missing = append(missing, name)
		}
	}
	switch {
	case missing != nil:
		return &usageError{cmd, "the following arguments are required: " + strings.Join(missing, ", ")}
	case len(args) > required+optional:
		return &usageError{cmd, "unrecognized arguments: " + strings.Join(args[required+optional:], " ")}
	}
	return nil
}

// flagError is an error of an option in the words of the reference.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		text = argument(invalid.GetFlag()) + cause(invalid)
	} else if needs, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		text = argument(needs.GetFlag()) + "expected one argument"
	} else if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		text = "unrecognized arguments: "
		if group := unknown.GetSpecifiedShortnames(); group != "" {
			text += "-" + group
		} else {
			text += "--" + unknown.GetSpecifiedName()
		}
	}
	return &usageError{cmd, text}
}

func argument(flag *pflag.Flag) string {
	names := "--" + flag.Name
	if flag.Shorthand != "" {
		names = "-" + flag.Shorthand + "/" + names
	}
	return "argument " + names + ": "
}

// cause is why a value was refused. Values of our own say it themselves.
func cause(invalid *pflag.InvalidValueError) string {
	why := invalid.Unwrap().Error()
	switch invalid.GetFlag().Value.(type) {
	case *choice, *number, *decimal, *timestamp, *jsonValue, *bandwidth, *limit, *period:
		return why
	}
	return fmt.Sprintf("invalid %s value: '%s'", invalid.GetFlag().Value.Type(), invalid.GetValue())
}

// exclusive refuses two options of one group on one command line. The later one
// is named first, as in the reference.
func exclusive(cmd *cobra.Command, groups ...[]string) error {
	order := givenOrder(cmd.Flags())
	for _, group := range groups {
		first := ""
		for _, name := range order {
			switch {
			case !slices.Contains(group, name):
			case first == "":
				first = name
			default:
				return &usageError{cmd, fmt.Sprintf("argument --%s: not allowed with argument --%s", name, first)}
			}
		}
	}
	return nil
}

// givenOrder are the names of the options on the command line, in its order.
func givenOrder(flags *pflag.FlagSet) []string {
	var names []string
	sorted := flags.SortFlags
	flags.SortFlags = false
	flags.Visit(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	flags.SortFlags = sorted
	return names
}

// printHelp prints what a command is for and how to call it. The short part
// comes first; everything is there. all shows what is deprecated, too.
func printHelp(w io.Writer, cmd *cobra.Command, all bool) error {
	cmd.InitDefaultHelpFlag()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", usageLine(cmd), strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)))
	writeCommands(&b, cmd, all)
	writeOptions(&b, "Options", ownFlags(cmd), all)
	if !cmd.HasSubCommands() {
		writeOptions(&b, "Options of every command", inDeclaredOrder(cmd.Root().PersistentFlags()), all)
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.TrimRight(cmd.Example, "\n"))
	}
	if cmd.HasSubCommands() {
		fmt.Fprintf(&b, "\nFor more about one command:\n\n    %s <command> --help\n", cmd.CommandPath())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// usageLine is how a command is called, in one line.
func usageLine(cmd *cobra.Command) string {
	line := cmd.CommandPath()
	switch {
	case cmd.Annotations[unsaidCommand] != "":
		return "Usage: " + line + " [command]"
	case cmd.HasSubCommands():
		return "Usage: " + line + " <command>"
	}
	if words := strings.Fields(cmd.Use)[1:]; len(words) > 0 {
		line += " " + strings.Join(words, " ")
	}
	return "Usage: " + line + " [options]"
}

// ownFlags are the options of a command itself, in the order in which they were
// declared: the ones that people need first.
func ownFlags(cmd *cobra.Command) *pflag.FlagSet {
	global := cmd.Root().PersistentFlags()
	own := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	inDeclaredOrder(cmd.Flags()).VisitAll(func(flag *pflag.Flag) {
		if global.Lookup(flag.Name) == nil && flag.Name != "help" {
			own.AddFlag(flag)
		}
	})
	if help := cmd.Flags().Lookup("help"); help != nil {
		help.Usage = "show this help"
		own.AddFlag(help)
	}
	return inDeclaredOrder(own)
}

// inDeclaredOrder keeps options from being sorted by name.
func inDeclaredOrder(flags *pflag.FlagSet) *pflag.FlagSet {
	flags.SortFlags = false
	return flags
}

func writeCommands(b *strings.Builder, cmd *cobra.Command, all bool) {
	if !cmd.HasSubCommands() {
		return
	}
	b.WriteString("\nCommands:\n")
	width := 0
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			width = max(width, len(sub.CommandPath()))
		}
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			fmt.Fprintf(b, "  %-*s   %s\n", width, sub.CommandPath(), sub.Short)
		}
	}
	if !all {
		return
	}
	b.WriteString("\nDeprecated names:\n")
	for _, sub := range cmd.Commands() {
		if old := oldCommand(sub); old != nil {
			fmt.Fprintf(b, "  %s: now %s %s\n", sub.CommandPath(), cmd.Root().Name(), old.today)
		}
	}
}

// writeOptions lists options with what they do.
func writeOptions(b *strings.Builder, title string, flags *pflag.FlagSet, all bool) {
	var left []string
	var right []string
	width := 0
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden && !all {
			return
		}
		left = append(left, optionName(flag))
		right = append(right, optionText(flag))
		width = max(width, len(left[len(left)-1]))
	})
	if left == nil {
		return
	}
	const widest = 34
	width = min(width, widest)
	fmt.Fprintf(b, "\n%s:\n", title)
	for i := range left {
		if len(left[i]) > width {
			fmt.Fprintf(b, "  %s\n", left[i])
			left[i] = ""
		}
		for j, line := range wrap(right[i], 96-width) {
			if j > 0 {
				left[i] = ""
			}
			fmt.Fprintf(b, "  %-*s  %s\n", width, left[i], line)
		}
	}
}

// optionName is an option with its short form and the name of its value.
func optionName(flag *pflag.Flag) string {
	name := "--" + flag.Name
	if flag.Shorthand != "" {
		name = "-" + flag.Shorthand + ", " + name
	}
	if value, _ := pflag.UnquoteUsage(flag); value != "" && flag.NoOptDefVal == "" {
		name += " " + value
	}
	return name
}

func optionText(flag *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(flag)
	return text
}

// wrap breaks text into lines of at most width letters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
