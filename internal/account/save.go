package account

import (
	"context"
	"database/sql"
)

// Save stores an account in place of what the file held, and forgets all
// bucket names.
func (f *File) Save(ctx context.Context, s *Stored) error {
	return f.write(ctx, func(ctx context.Context, c *sql.Conn) error {
		if err := clear(ctx, c); err != nil {
			return err
		}
		return insert(ctx, c, s)
	})
}

// Renew stores a new token of the account that the file holds, and keeps the
// bucket names. If the file holds another key by now, because somebody
// authorised meanwhile, it is left alone.
func (f *File) Renew(ctx context.Context, s *Stored) error {
	return f.write(ctx, func(ctx context.Context, c *sql.Conn) error {
		row, err := readAccountRow(ctx, c)
		if err != nil {
			return err
		}
		now, err := row.stored()
		if err != nil || now.KeyID != s.KeyID || now.Realm != s.Realm {
			return err
		}
		if _, err := c.ExecContext(ctx, "DELETE FROM account"); err != nil {
			return err
		}
		return insert(ctx, c, s)
	})
}

// Clear forgets the account and all bucket names.
func (f *File) Clear(ctx context.Context) error {
	return f.write(ctx, clear)
}

func clear(ctx context.Context, c *sql.Conn) error {
	for _, table := range []string{"account", "bucket", "bucket_upload_url"} {
		if _, err := c.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	return nil
}

func insert(ctx context.Context, c *sql.Conn, s *Stored) error {
	allowed, err := encodeAllowed(s.Allowed)
	if err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, insertAccount,
		s.ID, string(s.Key), string(s.Token), s.APIURL, s.DownloadURL,
		s.MinPartSize, s.RecommendedPartSize, s.Realm,
		allowed, s.KeyID, s.S3APIURL)
	return err
}

// migrate brings the schema to its newest form, keeping the account.
func migrate(ctx context.Context, c *sql.Conn) error {
	for _, statement := range []string{createUpdateDone, createBucket, createUploadURL} {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	var done int
	if err := c.QueryRowContext(ctx,
		"SELECT COUNT(DISTINCT update_number) FROM update_done WHERE update_number BETWEEN 1 AND ?", lastUpdate).
		Scan(&done); err != nil {
		return err
	}
	if done == lastUpdate {
		return nil
	}
	if err := rebuildAccount(ctx, c); err != nil {
		return err
	}
	for number := 1; number <= lastUpdate; number++ {
		if _, err := c.ExecContext(ctx, `INSERT INTO update_done (update_number)
			SELECT ? WHERE NOT EXISTS (SELECT 1 FROM update_done WHERE update_number = ?)`, number, number); err != nil {
			return err
		}
	}
	return nil
}

// rebuildAccount replaces the table account of an older form by the newest
// one, with the account in it. An account that cannot be read is dropped: it
// could not be used either.
func rebuildAccount(ctx context.Context, c *sql.Conn) error {
	var kept *Stored
	if row, err := readAccountRow(ctx, c); err == nil {
		kept, _ = row.stored()
	}
	for _, statement := range []string{"DROP TABLE IF EXISTS account", createAccount} {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if kept == nil {
		return nil
	}
	return insert(ctx, c, kept)
}
