package account

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPath(t *testing.T) {
	home := t.TempDir()
	in := func(parts ...string) string { return filepath.Join(append([]string{home}, parts...)...) }
	tests := map[string]struct {
		env     map[string]string
		profile string
		goos    string
		exists  []string // below home
		want    string
		err     string
	}{
		"nothing set":            {want: in(".config", "b2", "account_info")},
		"XDG":                    {env: map[string]string{"XDG_CONFIG_HOME": in("x")}, want: in("x", "b2", "account_info")},
		"classic file exists":    {exists: []string{".b2_account_info"}, want: in(".b2_account_info")},
		"named":                  {env: map[string]string{EnvFile: "/some/where"}, exists: []string{".b2_account_info"}, want: "/some/where"},
		"named below home":       {env: map[string]string{EnvFile: "~/creds"}, want: in("creds")},
		"macOS":                  {goos: "darwin", want: in(".b2_account_info")},
		"macOS with XDG":         {goos: "darwin", env: map[string]string{"XDG_CONFIG_HOME": in("x")}, want: in("x", "b2", "account_info")},
		"Windows":                {goos: "windows", want: in(".b2_account_info")},
		"profile":                {profile: "work", want: in(".config", "b2", "db-work.sqlite")},
		"profile, older file":    {profile: "work", exists: []string{".b2db-work.sqlite"}, want: in(".b2db-work.sqlite")},
		"profile, macOS":         {profile: "work", goos: "darwin", want: in(".b2db-work.sqlite")},
		"profile, both files":    {profile: "w", exists: []string{".b2db-w.sqlite", ".config/b2/db-w.sqlite"}, want: in(".config", "b2", "db-w.sqlite")},
		"profile with bad name":  {profile: "../x", err: "Invalid profile name: ../x"},
		"profile and named file": {profile: "w", env: map[string]string{EnvFile: "x"}, err: "Provide either B2_ACCOUNT_INFO env var or profile, not both"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, path := range test.exists {
				path = in(filepath.FromSlash(path))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.Remove(path) })
			}
			got, err := Path(Environment{
				Getenv: func(key string) string { return test.env[key] }, Home: home, Profile: test.profile, GOOS: test.goos,
			})
			switch {
			case test.err != "":
				if err == nil || err.Error() != test.err {
					t.Errorf("error %v, want %s", err, test.err)
				}
			case err != nil || got != test.want:
				t.Errorf("%s, %v; want %s", got, err, test.want)
			}
		})
	}
}
