package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// The options of sync in the reference's version 4, and which of them take a
// value.
const referenceSyncOptions = `
	allow-empty-source  compare-threshold=  compare-versions=  delete
	destination-server-side-encryption=  destination-server-side-encryption-algorithm=
	download-threads=  dry-run  exclude-all-symlinks  exclude-dir-regex=
	exclude-if-modified-after=  exclude-if-uploaded-after=  exclude-regex=
	include-regex=  incremental-mode  keep-days=  max-download-streams-per-file=
	no-progress  replace-newer  skip-hash-verification  skip-newer
	source-server-side-encryption=  source-server-side-encryption-algorithm=
	sync-threads=  threads=  upload-threads=  write-buffer-size=`

// TestReferenceSyncOptions: all options of the reference are there, as options
// of the reference, and no other is taken for one of them.
func TestReferenceSyncOptions(t *testing.T) {
	want := strings.Fields(referenceSyncOptions)
	var got []string
	newSync(&env{program: "b2"}).Flags().VisitAll(func(flag *pflag.Flag) {
		name := flag.Name
		if flag.NoOptDefVal == "" {
			name += "="
		}
		if !isOurs(flag) {
			got = append(got, name)
		}
	})
	slices.Sort(want)
	slices.Sort(got)
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("--%s of the reference is missing", name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("--%s is not an option of the reference: it must be named as ours", name)
		}
	}
}
