// Package account keeps what a user authorised with: the application key, the
// token that it was exchanged for, and the names of buckets that were looked
// up.
//
// The file is the reference tool's own (API documentation, "The official
// tool's account file"): a SQLite database in a schema that grew in numbered
// updates. Whoever has run `b2 account authorize` with the reference need not
// do it again, and the reference goes on working with what this package wrote.
// Files of every age are read, and what is written is always of the newest
// form.
//
// [Path] says which file it is, [Open] gives it, and each operation opens the
// database, does its work in one exclusive transaction and closes it again, so
// that several processes can share the file.
package account

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/bowline-sync/bowline/b2"
)

// ErrNone means that nobody has authorised: there is no file, or no account in
// it.
var ErrNone = errors.New("no stored account")

// ErrCorrupt means that the file is neither an account database nor the older
// JSON form. It is left as it is.
var ErrCorrupt = errors.New("not an account file")

// Stored is all that the file knows of an account.
type Stored struct {
	b2.Account           // the authorisation, whose token is good for a day at most
	Key        b2.Secret // the application key, to authorise again with
	// Realm is where it was authorised: "production", another name that the
	// reference knows, or a base URL.
	Realm string
}

// LogValue names the account without its secrets.
func (s *Stored) LogValue() slog.Value {
	return slog.GroupValue(slog.String("account", s.ID), slog.String("key", s.KeyID), slog.String("realm", s.Realm))
}

// Format prints the account without its secrets, whatever the verb.
func (s *Stored) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "account %s, key %s, realm %s", s.ID, s.KeyID, s.Realm)
}

// IsMasterKey reports whether the key is the account's master key. Its id is
// the account's own, or that between a cluster number of three digits and ten
// zeros.
func (s *Stored) IsMasterKey() bool {
	const zeros = "0000000000"
	if s.KeyID == s.ID {
		return true
	}
	return len(s.KeyID) == 3+len(s.ID)+len(zeros) && s.KeyID[3:] == s.ID+zeros
}

// defaultMinPartSize stands in for what files from before update 4 lack, as it
// does in the reference.
const defaultMinPartSize = 5_000_000
