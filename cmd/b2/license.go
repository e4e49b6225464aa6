package main

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"
)

//go:embed license.txt
var licenseText string

func newLicense(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "license", Short: "Print the licence of this program and what it is built from",
		Args: params,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(e.stdout, licenseText)
			return err
		},
	}
	// The reference prints the licences of its packages only when asked, as it
	// has to look for them. Here they are always there.
	cmd.Flags().Bool("with-packages", true, "print the licences of what the program is built from, too")
	hide(cmd, "with-packages")
	return cmd
}
