package account

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// EnvFile is the environment variable that names the account file.
const EnvFile = "B2_ACCOUNT_INFO"

// Environment is what the place of the file depends on.
type Environment struct {
	Getenv  func(string) string
	Home    string // the user's home folder
	Profile string // of --profile; "" is the usual account
	// GOOS is the operating system: on Windows and macOS the XDG folder counts
	// only when XDG_CONFIG_HOME is set.
	GOOS string
}

var profileName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// Path says which file holds the credentials, in the reference's order of
// places. It looks for existing files and makes nothing.
func Path(e Environment) (string, error) {
	if e.Profile != "" {
		return profilePath(e)
	}
	if named := e.Getenv(EnvFile); named != "" {
		return expandHome(named, e.Home), nil
	}
	classic := filepath.Join(e.Home, ".b2_account_info")
	if exists(classic) {
		return classic, nil
	}
	if config := configHome(e); config != "" {
		return filepath.Join(config, "b2", "account_info"), nil
	}
	return classic, nil
}

// profilePath is the file of a named profile. The XDG place is looked at
// first, because the reference, which means to prefer an existing file in the
// home folder, never finds one there: it asks for a file below a folder
// called "~".
func profilePath(e Environment) (string, error) {
	if !profileName.MatchString(e.Profile) {
		return "", fmt.Errorf("Invalid profile name: %s", e.Profile) //nolint:staticcheck // the reference's words
	}
	if e.Getenv(EnvFile) != "" {
		return "", errors.New("Provide either " + EnvFile + " env var or profile, not both") //nolint:staticcheck // the reference's words
	}
	classic := filepath.Join(e.Home, ".b2db-"+e.Profile+".sqlite")
	config := configHome(e)
	if config == "" {
		return classic, nil
	}
	modern := filepath.Join(config, "b2", "db-"+e.Profile+".sqlite")
	if !exists(modern) && exists(classic) {
		return classic, nil
	}
	return modern, nil
}

// configHome is the XDG folder for settings, or "" where there is none.
func configHome(e Environment) string {
	if config := e.Getenv("XDG_CONFIG_HOME"); config != "" {
		return config
	}
	if e.GOOS == "windows" || e.GOOS == "darwin" {
		return ""
	}
	return filepath.Join(e.Home, ".config")
}

// expandHome replaces a leading "~" as a shell does.
func expandHome(path, home string) string {
	if path == "~" {
		return home
	}
	if rest, ok := strings.CutPrefix(path, "~"+string(filepath.Separator)); ok {
		return filepath.Join(home, rest)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
