package main

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"
)

//go:embed license.txt
var licenseText string

func newLicense(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "license", Short: "Print the licence of this program and what it is built from",
		Args: params,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(e.stdout, licenseText)
			return err
		},
	}
}
