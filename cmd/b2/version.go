package main

import (
	"fmt"
	"io"

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
			if short {
				_, err := fmt.Fprintln(e.stdout, version)
				return err
			}
			return printVersion(e.stdout)
		},
	}
	cmd.Flags().BoolVar(&short, "short", false, "print the number only")
	return cmd
}

func printVersion(w io.Writer) error {
	_, err := fmt.Fprintln(w, "b2 command line tool, version "+version+" (Bowline)")
	return err
}
