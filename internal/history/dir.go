package history

import (
	"errors"
	"path/filepath"
)

// Dir is the folder of the state: bowline in XDG_STATE_HOME, or in
// ~/.local/state. It fails when neither is known.
func Dir(getenv func(string) string, home string) (string, error) {
	if state := getenv("XDG_STATE_HOME"); filepath.IsAbs(state) { // the XDG rules ignore relative ones
		return filepath.Join(state, "bowline"), nil
	}
	if home == "" {
		return "", errors.New("no folder for the history of runs: neither XDG_STATE_HOME nor HOME is set")
	}
	return filepath.Join(home, ".local", "state", "bowline"), nil
}
