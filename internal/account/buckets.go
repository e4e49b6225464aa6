package account

import (
	"context"
	"database/sql"
	"errors"

	"github.com/bowline-sync/bowline/b2"
)

// BucketID is the id of a bucket whose name was remembered. It reports false
// when it was not, or when the file cannot be read.
func (f *File) BucketID(ctx context.Context, name string) (id string, known bool) {
	err := f.read(ctx, func(c *sql.Conn) error {
		return c.QueryRowContext(ctx, "SELECT bucket_id FROM bucket WHERE bucket_name = ?", name).Scan(&id)
	})
	return id, err == nil && id != ""
}

// Buckets are all buckets whose names were remembered.
func (f *File) Buckets(ctx context.Context) ([]b2.BucketRef, error) {
	var refs []b2.BucketRef
	err := f.read(ctx, func(c *sql.Conn) error {
		if has, err := hasTable(ctx, c, "bucket"); !has {
			return err
		}
		rows, err := c.QueryContext(ctx, "SELECT bucket_id, bucket_name FROM bucket ORDER BY bucket_name")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var ref b2.BucketRef
			if err := rows.Scan(&ref.ID, &ref.Name); err != nil {
				return err
			}
			refs = append(refs, ref)
		}
		return rows.Err()
	})
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	return refs, err
}

// SetBuckets remembers these buckets and forgets all others.
func (f *File) SetBuckets(ctx context.Context, refs []b2.BucketRef) error {
	return f.write(ctx, func(ctx context.Context, c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, "DELETE FROM bucket"); err != nil {
			return err
		}
		for _, ref := range refs {
			if err := addBucket(ctx, c, ref); err != nil {
				return err
			}
		}
		return nil
	})
}

// AddBucket remembers a bucket, under its new name if it was known.
func (f *File) AddBucket(ctx context.Context, ref b2.BucketRef) error {
	return f.write(ctx, func(ctx context.Context, c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, "DELETE FROM bucket WHERE bucket_id = ? OR bucket_name = ?", ref.ID, ref.Name); err != nil {
			return err
		}
		return addBucket(ctx, c, ref)
	})
}

// ForgetBucket forgets a bucket's name.
func (f *File) ForgetBucket(ctx context.Context, name string) error {
	return f.write(ctx, func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "DELETE FROM bucket WHERE bucket_name = ?", name)
		return err
	})
}

func addBucket(ctx context.Context, c *sql.Conn, ref b2.BucketRef) error {
	_, err := c.ExecContext(ctx, "INSERT INTO bucket (bucket_name, bucket_id) VALUES (?, ?)", ref.Name, ref.ID)
	return err
}
