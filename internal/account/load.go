package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/bowline-sync/bowline/b2"
)

// Load reads the account, or answers ErrNone.
func (f *File) Load(ctx context.Context) (*Stored, error) {
	if old, err := readJSON(f.path); err == nil {
		return old, nil
	}
	var stored *Stored
	err := f.read(ctx, func(c *sql.Conn) error {
		row, err := readAccountRow(ctx, c)
		if err != nil {
			return err
		}
		stored, err = row.stored()
		return err
	})
	return stored, err
}

// accountRow is the account's columns by name, as many as the file has.
type accountRow map[string]any

// readAccountRow reads the only row of the table account, whatever columns it
// has.
func readAccountRow(ctx context.Context, c *sql.Conn) (accountRow, error) {
	has, err := hasTable(ctx, c, "account")
	if err != nil {
		return nil, err
	}
	if !has {
		return nil, ErrNone
	}
	rows, err := c.QueryContext(ctx, "SELECT * FROM account LIMIT 1")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	if !rows.Next() {
		return nil, errors.Join(rows.Err(), ErrNone)
	}
	values := make([]any, len(names))
	for i := range values {
		values[i] = new(any)
	}
	if err := rows.Scan(values...); err != nil {
		return nil, err
	}
	row := make(accountRow, len(names))
	for i, name := range names {
		row[name] = *values[i].(*any)
	}
	return row, nil
}

// text is a column as a string; "" when it is missing or null.
func (r accountRow) text(name string) string {
	switch v := r[name].(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

// number is a column as a positive number; otherwise it is missing.
func (r accountRow) number(name string, missing int64) int64 {
	if v, ok := r[name].(int64); ok && v > 0 {
		return v
	}
	return missing
}

// stored makes an account of a row of any age.
func (r accountRow) stored() (*Stored, error) {
	s := &Stored{Key: b2.Secret(r.text("application_key")), Realm: r.text("realm")}
	s.ID = r.text("account_id")
	s.KeyID = r.text("account_id_or_app_key_id")
	if s.KeyID == "" {
		s.KeyID = s.ID
	}
	s.Token = b2.Secret(r.text("account_auth_token"))
	s.APIURL, s.DownloadURL, s.S3APIURL = r.text("api_url"), r.text("download_url"), r.text("s3_api_url")
	// Before update 4 the recommended size was the only one.
	s.RecommendedPartSize = r.number("recommended_part_size", r.number("minimum_part_size", 0))
	s.MinPartSize = r.number("absolute_minimum_part_size", defaultMinPartSize)
	if s.ID == "" || s.APIURL == "" {
		return nil, fmt.Errorf("%w: the account has no id or no address", ErrCorrupt)
	}
	allowed := r.text("allowed")
	if allowed == "" {
		s.Allowed.Capabilities = allCapabilities
		return s, nil
	}
	var err error
	s.Allowed, err = decodeAllowed(allowed)
	return s, err
}

// maxJSON bounds the older form, which is a few hundred bytes.
const maxJSON = 64 << 10

// readJSON reads the form from before SQLite.
func readJSON(path string) (*Stored, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxJSON {
		return nil, ErrCorrupt
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseJSON(text)
}

// parseJSON makes an account of the form from before SQLite. All of its fields
// must be there.
func parseJSON(text []byte) (*Stored, error) {
	var in struct {
		AccountID   *string `json:"account_id"`
		Key         *string `json:"application_key"`
		Token       *string `json:"account_auth_token"`
		APIURL      *string `json:"api_url"`
		DownloadURL *string `json:"download_url"`
		PartSize    *int64  `json:"minimum_part_size"`
		Realm       *string `json:"realm"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, ErrCorrupt
	}
	if in.AccountID == nil || in.Key == nil || in.Token == nil || in.APIURL == nil ||
		in.DownloadURL == nil || in.PartSize == nil || in.Realm == nil {
		return nil, ErrCorrupt
	}
	return accountRow{
		"account_id": *in.AccountID, "application_key": *in.Key, "account_auth_token": *in.Token,
		"api_url": *in.APIURL, "download_url": *in.DownloadURL, "minimum_part_size": *in.PartSize,
		"realm": *in.Realm,
	}.stored()
}
