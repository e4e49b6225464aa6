package main

import (
	"testing"

	"github.com/bowline-sync/bowline/b2"
)

func TestQuickerRules(t *testing.T) {
	hide := func(prefix string, n int) b2.LifecycleRule {
		return b2.LifecycleRule{FileNamePrefix: prefix, DaysFromUploadingToHiding: &n}
	}
	drop := func(prefix string, n int) b2.LifecycleRule {
		return b2.LifecycleRule{FileNamePrefix: prefix, DaysFromHidingToDeleting: &n}
	}
	for _, tt := range []struct {
		name   string
		rules  []b2.LifecycleRule
		prefix string
		want   string
	}{
		{name: "none"},
		{name: "as slow", rules: []b2.LifecycleRule{drop("", 30), hide("", 30)}},
		{name: "unfinished files only", rules: []b2.LifecycleRule{{DaysFromStartingToCanceling: new(1)}}},
		{name: "quicker", rules: []b2.LifecycleRule{drop("", 29)}, want: "old versions of files are deleted after 29 days"},
		{name: "hides", rules: []b2.LifecycleRule{hide("", 1)}, want: "files are hidden 1 day after the upload"},
		{name: "above the prefix", rules: []b2.LifecycleRule{drop("do", 2)}, prefix: "docs",
			want: `old versions of files whose names begin with "do" are deleted after 2 days`},
		{name: "below the prefix", rules: []b2.LifecycleRule{drop("docs/old/", 2)}, prefix: "docs",
			want: `old versions of files whose names begin with "docs/old/" are deleted after 2 days`},
		{name: "beside the prefix", rules: []b2.LifecycleRule{drop("docs2", 2), drop("docs.", 2)}, prefix: "docs"},
		{name: "two", rules: []b2.LifecycleRule{drop("a", 1), hide("b", 2), drop("c", 31)},
			want: `old versions of files whose names begin with "a" are deleted after 1 day; ` +
				`files whose names begin with "b" are hidden 2 days after the upload`},
	} {
		if got := quickerRules(tt.rules, tt.prefix, 30); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
