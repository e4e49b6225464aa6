//go:build !windows

package ui

import "os"

// understandEscapes has nothing to do: all terminals take escape sequences.
func understandEscapes(*os.File) {}
