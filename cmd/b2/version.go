package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// version is the number of this release.
const version = "0.1.0"

func newVersion(e *env) *cobra.Command {
	var short bool
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version of this program",
		Args: params,
		RunE: func(*cobra.Command, []string) error {
			line := version
			if !short {
				line = "b2 command line tool, version " + version + " (Bowline)"
			}
			_, err := fmt.Fprintln(e.stdout, line)
			return err
		},
	}
	cmd.Flags().BoolVar(&short, "short", false, "print the number only")
	return cmd
}
