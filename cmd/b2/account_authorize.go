package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/account"
)

func newAccountAuthorize(e *env) *cobra.Command {
	var environment string
	var staging, dev bool
	cmd := &cobra.Command{
		Use:   "authorize [applicationKeyId] [applicationKey]",
		Short: "Authorize an application key and store it for later runs",
		Long: `Exchanges an application key for a token and stores both in a file that only you
can read. Later runs of this program, and of Backblaze's own b2, use it.

What is not on the command line is taken from the environment variables
B2_APPLICATION_KEY_ID and B2_APPLICATION_KEY, or asked for. The key itself is not
shown while you type it. Prefer that to the command line, which other users of this
computer can see: from a script, pipe it in.`,
		Example: `    b2 account authorize 005a30f20426f0b10000000005
    b2 account authorize 005a30f20426f0b10000000005 < key-file
    b2 account authorize --environment http://127.0.0.1:8000`,
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := exclusive(cmd, []string{"dev", "staging", "environment"}); err != nil {
				return err
			}
			realm := e.realm()
			switch {
			case dev:
				realm = "dev"
			case staging:
				realm = "staging"
			case environment != "":
				realm = strings.TrimSuffix(environment, "/")
			}
			keyID, key, err := e.askKey(args)
			if err != nil {
				return err
			}
			return e.authorize(cmd.Context(), realm, keyID, key)
		},
	}
	cmd.Flags().StringVar(&environment, "environment", "", "authorize at this `URL`, not at Backblaze (also B2_ENVIRONMENT)")
	cmd.Flags().BoolVar(&staging, "staging", false, "authorize at Backblaze's staging servers")
	cmd.Flags().BoolVar(&dev, "dev", false, "authorize at Backblaze's development servers")
	hide(cmd, "staging", "dev")
	return cmd
}

// hide takes options out of the help.
func hide(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		cmd.Flags().Lookup(name).Hidden = true
	}
}

// askKey finds the key: on the command line, in the environment, or by asking.
func (e *env) askKey(args []string) (keyID string, key b2.Secret, err error) {
	lines := bufio.NewReader(e.stdin)
	if len(args) > 0 {
		keyID = args[0]
	} else if keyID = e.getenv("B2_APPLICATION_KEY_ID"); keyID == "" {
		if keyID, err = e.ask(lines, "Backblaze application key ID: ", false); err != nil {
			return "", "", err
		}
	}
	var text string
	if len(args) > 1 {
		text = args[1]
	} else if text = e.getenv("B2_APPLICATION_KEY"); text == "" {
		if text, err = e.ask(lines, "Backblaze application key: ", true); err != nil {
			return "", "", err
		}
	}
	return keyID, b2.Secret(text), nil
}

// ask reads a line. The question goes to standard error, and only to a person.
func (e *env) ask(lines *bufio.Reader, question string, secret bool) (string, error) {
	if e.readSecret != nil {
		fmt.Fprint(e.stderr, question)
		if secret {
			defer fmt.Fprintln(e.stderr)
			return e.readSecret()
		}
	}
	line, err := lines.ReadString('\n')
	line = strings.TrimSpace(line)
	switch {
	case line != "":
		return line, nil
	case err == nil, errors.Is(err, io.EOF):
		return "", errors.New("no key was given: on the command line, on standard input, or in B2_APPLICATION_KEY_ID and B2_APPLICATION_KEY")
	}
	return "", err
}

// authorize exchanges the key for a token, stores both, and prints what is not
// secret of the account.
func (e *env) authorize(ctx context.Context, realm, keyID string, key b2.Secret) error {
	if realm == localRealm {
		return errors.New("B2_ENVIRONMENT=local needs no key: every command works without one")
	}
	endpoint, err := realmURL(realm)
	if err != nil {
		return err
	}
	file, err := e.accountFile()
	if err != nil {
		return err
	}
	log, closeLog, err := e.logger()
	if err != nil {
		return err
	}
	defer closeLog()
	client := b2.New(b2.Config{Endpoint: endpoint, KeyID: keyID, Key: key, UserAgent: e.userAgent(), Logger: log,
		RetryFor: commandPatience, Observe: e.tellWaiting()})
	a, err := client.Authorize(ctx)
	if err != nil {
		return err
	}
	if err := e.usable(a); err != nil {
		return errors.Join(err, file.Clear(ctx))
	}
	stored := &account.Stored{Account: *a, Key: key, Realm: realm}
	if stored.KeyID == "" {
		stored.KeyID = keyID
	}
	if err := file.Save(ctx, stored); err != nil {
		return err
	}
	// The reference prints the key and the token too, into logs and terminals
	// that nobody meant to keep them in; "account get" is for whoever wants them.
	shown := describeAccount(stored, file.Path())
	shown["applicationKey"], shown["accountAuthToken"] = nil, nil
	return printJSON(e.stdout, shown)
}

// usable refuses keys that can do nothing here, as the reference does. Unlike
// there, a key without listBuckets is good enough when it names its buckets.
func (e *env) usable(a *b2.Account) error {
	if a.Allowed.Buckets == nil {
		if !a.Allowed.Can("listBuckets") {
			return errors.New("application key has no listBuckets capability, which is required for the b2 command-line tool")
		}
		return nil
	}
	for _, ref := range a.Allowed.Buckets {
		if ref.Name != "" {
			return nil
		}
	}
	return errors.New("unable to authorize account: Application key is restricted to a bucket that doesn't exist")
}
