package ui

import (
	"os"

	"golang.org/x/sys/windows"
)

// understandEscapes makes a console take escape sequences, which older ones do
// only when asked. One that cannot shows them; there is nothing to do about it.
func understandEscapes(terminal *os.File) {
	var mode uint32
	console := windows.Handle(terminal.Fd())
	if windows.GetConsoleMode(console, &mode) == nil {
		windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	}
}
