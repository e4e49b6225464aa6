package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newKeyDelete(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "delete applicationKeyId", Short: "Delete an application key",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.DeleteKey(cmd.Context(), args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintln(e.stdout, args[0])
			return err
		},
	}
}
