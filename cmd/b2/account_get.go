package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/account"
)

func newAccountGet(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "get", Short: "Show who you are and what your key may do",
		Long: `Prints the account, the application key and the token in use, the addresses of the
service, and what the key may do, as JSON.

The output holds your application key. Do not show it to others.`,
		Args: params,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			s, err := e.open(ctx)
			if err != nil {
				return err
			}
			defer s.Close()
			a, err := s.Account(ctx)
			if err != nil {
				return err
			}
			path := any(nil)
			if file := s.names(); file != nil {
				path = file.Path()
			}
			stored := &account.Stored{Account: *a, Key: s.creds.key, Realm: s.creds.realm}
			if stored.KeyID == "" {
				stored.KeyID = s.creds.keyID
			}
			return printJSON(e.stdout, describeAccount(stored, path))
		},
	}
}

// describeAccount is an account as the reference prints it. path is nil when it
// is not stored.
func describeAccount(s *account.Stored, path any) map[string]any {
	return map[string]any{
		"accountId":        s.ID,
		"accountFilePath":  path,
		"allowed":          describeAllowed(s.Allowed),
		"applicationKeyId": s.KeyID,
		"applicationKey":   string(s.Key),
		"isMasterKey":      s.IsMasterKey(),
		"accountAuthToken": string(s.Token),
		"apiUrl":           s.APIURL,
		"downloadUrl":      s.DownloadURL,
		"s3endpoint":       s.S3APIURL,
	}
}

// describeAllowed is what a key may do. bucketId and bucketName are what
// version 4 of the reference prints, buckets is version 5's.
func describeAllowed(a b2.Allowed) map[string]any {
	capabilities := slices.Sorted(slices.Values(a.Capabilities))
	if capabilities == nil {
		capabilities = []string{}
	}
	out := map[string]any{
		"buckets": nil, "bucketId": nil, "bucketName": nil,
		"capabilities": capabilities, "namePrefix": orNil(a.Prefix),
	}
	if a.Buckets == nil {
		return out
	}
	buckets := []map[string]any{}
	for _, ref := range a.Buckets {
		buckets = append(buckets, map[string]any{"id": ref.ID, "name": orNil(ref.Name)})
	}
	out["buckets"] = buckets
	if len(buckets) == 1 {
		out["bucketId"], out["bucketName"] = buckets[0]["id"], buckets[0]["name"]
	}
	return out
}

// orNil is nil for the empty string, which JSON then shows as null.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func newAccountClear(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "clear", Short: "Forget the stored key and token",
		Args: params,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := e.accountFile()
			if err != nil {
				return err
			}
			if _, err := file.Load(cmd.Context()); errors.Is(err, account.ErrNone) {
				return nil
			}
			return file.Clear(cmd.Context())
		},
	}
}
