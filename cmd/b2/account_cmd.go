package main

import "github.com/spf13/cobra"

func newAccount(e *env) *cobra.Command {
	return newGroup("account", "Store, show and forget who you are",
		newAccountAuthorize(e), newAccountGet(e), newAccountClear(e))
}
