package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/account"
)

// credentials are who the program acts as, and where.
type credentials struct {
	realm   string // as it is stored: "production" or another name or a URL
	keyID   string
	key     b2.Secret
	account *b2.Account   // the stored authorisation, or nil
	file    *account.File // where authorisations and bucket names are kept; nil in memory
	adopt   bool          // the account takes the place of what the file holds
}

// realms are the names that the reference knows for base URLs.
var realms = map[string]string{
	"production": b2.Production,
	"staging":    "https://api.backblaze.net",
	"dev":        "http://api.backblazeb2.xyz:8180",
}

// localRealm is the value of B2_ENVIRONMENT that runs the server inside the
// program (local.go).
const localRealm = "local"

// realmURL is the base URL that a realm stands for.
func realmURL(realm string) (string, error) {
	if known, ok := realms[realm]; ok {
		return known, nil
	}
	u, err := url.Parse(realm)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("the environment %q is neither production, staging, dev nor local, and not a URL such as http://127.0.0.1:8000", realm)
	}
	return strings.TrimSuffix(realm, "/"), nil
}

// realm is where a new authorisation goes.
func (e *env) realm() string {
	if realm := e.getenv("B2_ENVIRONMENT"); realm != "" {
		return strings.TrimSuffix(realm, "/")
	}
	return "production"
}

// accountFile is where this user's account is stored.
func (e *env) accountFile() (*account.File, error) {
	path, err := account.Path(account.Environment{
		Getenv: e.getenv, Home: e.home, Profile: e.global.profile, GOOS: e.goos,
	})
	if err != nil {
		return nil, err
	}
	return account.Open(path), nil
}

// environmentKey is the key that the environment gives: both variables or
// neither.
func (e *env) environmentKey() (keyID string, key b2.Secret, err error) {
	keyID, key = e.getenv("B2_APPLICATION_KEY_ID"), b2.Secret(e.getenv("B2_APPLICATION_KEY"))
	if (keyID == "") != (key == "") {
		return "", "", bareError(`Please provide both "B2_APPLICATION_KEY" and "B2_APPLICATION_KEY_ID" environment variables or none of them`)
	}
	return keyID, key, nil
}

// credentials finds out who the program acts as. A key in the environment goes
// before the stored account. Unless they are the same, the account file is
// left alone then; version 3 stored such a key, for runs without it.
func (e *env) credentials(ctx context.Context) (*credentials, error) {
	keyID, key, err := e.environmentKey()
	if err != nil {
		return nil, err
	}
	file, err := e.accountFile()
	if err != nil {
		return nil, err
	}
	stored, err := file.Load(ctx)
	if keyID != "" {
		if err == nil && stored.KeyID == keyID && stored.Key == key && stored.Realm == e.realm() {
			return ofStored(stored, file), nil
		}
		given := &credentials{realm: e.realm(), keyID: keyID, key: key}
		if e.v3() {
			given.file, given.adopt = file, true
		}
		return given, nil
	}
	switch {
	case errors.Is(err, account.ErrNone):
		return nil, missingAccount{e.program}
	case err != nil:
		return nil, err
	}
	return ofStored(stored, file), nil
}

func ofStored(stored *account.Stored, file *account.File) *credentials {
	return &credentials{
		realm: stored.Realm, keyID: stored.KeyID, key: stored.Key, account: &stored.Account, file: file,
	}
}
