package b2test

import (
	"testing"
)

// Conformance states the rules of the B2 Native API, one subtest a rule, over
// plain HTTP. It does not use package b2, so that a client and a server of
// this repository cannot be wrong together.
//
// connect answers where to authorise and with which key; the key must be able
// to do everything. Conformance makes buckets of its own, with random names,
// and removes them. It is meant for any server that speaks the API, the
// service itself included; there it costs some hundred calls and moves some
// 60 MB, because parts have a smallest size.
func Conformance(t *testing.T, connect func(t *testing.T) (endpoint, keyID, key string)) {
	endpoint, keyID, key := connect(t)
	login := func(t *testing.T) *api { return dial(t, endpoint, keyID, key) }
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"account", accountRules},
		{"bucket", bucketRules},
		{"upload", uploadRules},
		{"list", listRules},
		{"version", versionRules},
		{"download", downloadRules},
		{"large", largeRules},
		{"copy", copyRules},
		{"key", keyRules},
		{"protect", protectRules},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, r := range group.rules {
				t.Run(r.name, func(t *testing.T) { r.test(t, login(t)) })
			}
		})
	}
}

// rule is one thing that must be so.
type rule struct {
	name string
	test func(t *testing.T, a *api)
}
