package main

import "github.com/spf13/cobra"

func newKey(e *env) *cobra.Command {
	return newGroup("key", "Make, list and delete application keys",
		newKeyCreate(e), newKeyDelete(e), newKeyList(e))
}
