package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// File is an account file, which need not exist yet. It is safe for concurrent
// use, by other processes too.
type File struct{ path string }

// Open names the file. Nothing is read or made before it is needed.
func Open(path string) *File { return &File{path} }

// Path is the file's name.
func (f *File) Path() string { return f.path }

// busyTimeout is how long an operation waits in ms for another process that
// has the file locked: the reference's is 5 s as well.
const busyTimeout = 5000

// read opens the file for a short look. It answers ErrNone when there is no
// file, and never makes one.
func (f *File) read(ctx context.Context, look func(*sql.Conn) error) error {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, os.ErrNotExist), err == nil && info.Size() == 0:
		return ErrNone
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s: %w: it is a folder", f.path, ErrCorrupt)
	}
	return f.connect(ctx, "ro", func(c *sql.Conn) error { return look(c) })
}

// write opens the file for changes, makes it when it is missing, and does them
// all or none. A file that is no database is refused, unless it is of the older
// JSON form, which becomes one first.
func (f *File) write(ctx context.Context, change func(context.Context, *sql.Conn) error) error {
	if err := f.prepare(ctx); err != nil {
		return err
	}
	return f.connect(ctx, "rw", func(c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
			return err
		}
		err := migrate(ctx, c)
		if err == nil {
			err = change(ctx, c)
		}
		end := "COMMIT"
		if err != nil {
			end = "ROLLBACK"
		}
		_, endErr := c.ExecContext(context.WithoutCancel(ctx), end)
		return errors.Join(err, endErr)
	})
}

// prepare sees to it that there is a file that only its owner can read, in a
// folder that exists.
func (f *File) prepare(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return err
	}
	if old, err := readJSON(f.path); err == nil {
		if err := f.convert(ctx, old); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(0o600), file.Close())
}

// convert puts a database with this account in the place of the file, by one
// rename, so that the account is never nowhere.
func (f *File) convert(ctx context.Context, old *Stored) error {
	next, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*") // readable by its owner only
	if err != nil {
		return err
	}
	defer os.Remove(next.Name()) // of no effect after the rename
	if err := next.Close(); err != nil {
		return err
	}
	if err := Open(next.Name()).Save(ctx, old); err != nil {
		return err
	}
	return os.Rename(next.Name(), f.path)
}

// hasTable reports whether the database has a table. A file that nobody has
// authorised into may have none.
func hasTable(ctx context.Context, c *sql.Conn, name string) (has bool, err error) {
	err = c.QueryRowContext(ctx, "SELECT COUNT(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = ?", name).Scan(&has)
	return has, err
}

// connect opens one connection to the database and closes it again.
func (f *File) connect(ctx context.Context, mode string, use func(*sql.Conn) error) error {
	db, err := sql.Open("sqlite", f.dataSource(mode))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return f.explain(err)
	}
	defer conn.Close()
	return f.explain(use(conn))
}

// dataSource is the file as a SQLite URI. The path is escaped, because it may
// hold "?" and "%".
func (f *File) dataSource(mode string) string {
	path, err := filepath.Abs(f.path)
	if err != nil {
		path = f.path
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	u.RawQuery = url.Values{
		"mode":    {mode},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout)},
	}.Encode()
	return u.String()
}

// explain puts the file's name before an error of the database, and says what
// kind of error it is.
func (f *File) explain(err error) error {
	var coded interface{ Code() int }
	switch {
	case err == nil, errors.Is(err, ErrNone):
		return err
	case errors.As(err, &coded):
		switch coded.Code() & 0xff {
		case sqliteCorrupt, sqliteNotADatabase, sqliteError:
			return fmt.Errorf("%s: %w: remove it, then run 'b2 account authorize' (%v)", f.path, ErrCorrupt, err)
		case sqliteBusy, sqliteLocked:
			return fmt.Errorf("%s is locked by another process: try again (%w)", f.path, err)
		}
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// Result codes of SQLite that are told apart.
const (
	sqliteError        = 1
	sqliteBusy         = 5
	sqliteLocked       = 6
	sqliteCorrupt      = 11
	sqliteNotADatabase = 26
)
