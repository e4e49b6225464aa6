package main

import (
	"github.com/spf13/cobra"
)

// newRoot is the tree of all commands.
func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   e.program,
		Short: "Sync folders and B2 buckets",
		Long: `Bowline syncs folders and buckets of Backblaze B2: folder to bucket, bucket to
folder, bucket to bucket. It takes the commands and options of Backblaze's own b2.

Who you are is either stored once by

    ` + e.program + ` account authorize

or given to each run in the environment variables B2_APPLICATION_KEY_ID and
B2_APPLICATION_KEY. To try things out without an account, set B2_ENVIRONMENT=local:
every command then works on buckets in a folder of this computer.`,
		Example: `    ` + e.program + ` sync ~/Documents b2://my-bucket/documents
    ` + e.program + ` ls -r b2://my-bucket
    ` + e.program + ` sync --help`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all, _ := cmd.Flags().GetBool("help-all"); all {
				return printHelp(e.stdout, cmd, true)
			}
			if asked, _ := cmd.Flags().GetBool("version"); asked {
				return printVersion(e.stdout)
			}
			return &usageError{cmd, "the following arguments are required: command"}
		},
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.Flags().Bool("help-all", false, "show the deprecated names of commands, too")
	root.Flags().Bool("version", false, "print the version of this program")
	addGlobals(root, &e.global)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { _ = printHelp(e.stdout, cmd, false) })
	root.SetHelpCommand(newHelp(e, root))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newSync(e), newRuns(e), newServe(e),
		newAccount(e), newBucket(e), newKey(e), newFile(e), newReplication(e),
		newLs(e), newRm(e),
		newVersion(e), newLicense(e), newInstallAutocomplete(e),
	)
	root.AddCommand(oldCommands(e)...)
	e.addCompletion(root)
	return root
}

// newHelp is `b2 help`, which is --help for whom it comes to mind first.
func newHelp(e *env, root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [command...]", Short: "Print the help of a command",
		RunE: func(_ *cobra.Command, args []string) error {
			about := root
			for _, word := range args {
				next := subcommand(about, word)
				if next == nil {
					return &usageError{about, unknownCommand(about, word)}
				}
				about = next
			}
			return printHelp(e.stdout, about, false)
		},
	}
}

// newGroup is a command that has others below it and does nothing by itself.
func newGroup(use, short string, subs ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use: use, Short: short,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return &usageError{cmd, "the following arguments are required: command"}
		},
	}
	group.AddCommand(subs...)
	return group
}
