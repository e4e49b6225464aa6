package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Store is the database of runs. It is safe for concurrent use, by other
// processes too.
type Store struct {
	dir string // the state folder
	db  *sql.DB
}

// busyTimeout is how long an operation waits for another process.
const busyTimeout = 2 * time.Second

// version is the form of the database; it is kept as SQLite's user_version.
const version = 1

const schema = `
CREATE TABLE runs (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	started     INTEGER NOT NULL, -- ms since the epoch
	ended       INTEGER,
	pid         INTEGER NOT NULL,
	source      TEXT NOT NULL,
	destination TEXT NOT NULL,
	options     TEXT NOT NULL, -- a JSON array
	outcome     TEXT NOT NULL,
	verdict     TEXT NOT NULL,
	counts      TEXT NOT NULL, -- a JSON object
	failed      INTEGER NOT NULL,
	failures    TEXT NOT NULL, -- a JSON array
	report      BLOB
);
PRAGMA user_version = 1`

// ErrNotFound says that there is no run with the id asked for.
var ErrNotFound = errors.New("no such run")

// ErrNoReport says that nothing is kept that a report page could be made of:
// the run is too old, has no end, or had nothing to do.
var ErrNoReport = errors.New("no report is kept of this run")

// Open opens the database in a state folder, and makes both if they are
// missing. The caller closes it.
func Open(ctx context.Context, dir string) (*Store, error) {
	return openWaiting(ctx, dir, busyTimeout)
}

// openWaiting is Open for operations that wait so long for another process.
func openWaiting(ctx context.Context, dir string, busy time.Duration) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "runs.db")
	s, err := open(ctx, path, busy)
	switch {
	case isDamaged(err):
		return nil, fmt.Errorf("%s: %w; move it away, and the next run begins a new history", path, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.dir = dir
	return s, nil
}

// SQLite's result codes; what is above the lowest byte says more.
const (
	sqliteBusy     = 5
	sqliteCorrupt  = 11
	sqliteNotADB   = 26
	sqlitePrimary  = 0xff
	sqliteNoResult = -1
)

// resultCode is SQLite's code of an error that it has answered.
func resultCode(err error) int {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code() & sqlitePrimary
	}
	return sqliteNoResult
}

// isDamaged reports that a file is no database, or one that cannot be read.
func isDamaged(err error) bool {
	code := resultCode(err)
	return code == sqliteCorrupt || code == sqliteNotADB
}

// isLocked reports that another process has the database.
func isLocked(err error) bool { return resultCode(err) == sqliteBusy }

func open(ctx context.Context, path string, busy time.Duration) (*Store, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // readable by its owner only
	if err != nil {
		return nil, err
	}
	file.Close()
	query := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "synchronous(NORMAL)"}, "_txlock": {"immediate"}}
	name := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &Store{db: db}
	if err := s.prepare(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

// prepare makes the table in a new database, and refuses a newer one.
func (s *Store) prepare(ctx context.Context) error {
	have, err := s.version(ctx, s.db)
	if err != nil || have == version {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after a commit
	switch have, err = s.version(ctx, tx); {
	case err != nil:
		return err
	case have > version:
		return errors.New("it was written by a newer version of this program")
	case have == version: // another process was faster
		return nil
	}
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *Store) version(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (have int, err error) {
	err = q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have)
	return have, err
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// add writes down a run that begins, and returns its id.
func (s *Store) add(ctx context.Context, r *Run) (int64, error) {
	done, err := s.db.ExecContext(ctx, `INSERT INTO runs
		(started, pid, source, destination, options, outcome, verdict, counts, failed, failures)
		VALUES (?, ?, ?, ?, ?, ?, '', '{}', 0, '[]')`,
		r.Started.UnixMilli(), r.PID, r.Source, r.Destination, asJSON(r.Options), Running)
	if err != nil {
		return 0, err
	}
	return done.LastInsertId()
}

// finish writes down how a run ended, and lets the oldest go.
func (s *Store) finish(ctx context.Context, r *Run) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after a commit
	failures := r.Failures[:min(len(r.Failures), MaxFailures)]
	if _, err := tx.ExecContext(ctx, `UPDATE runs SET ended = ?, outcome = ?, verdict = ?, counts = ?,
		failed = ?, failures = ?, report = ? WHERE id = ?`,
		r.Ended.UnixMilli(), r.Outcome, r.Verdict, asJSON(r.Counts), r.Failed, asJSON(failures), r.Report, r.ID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM runs WHERE id <= ?`, r.ID-maxRuns); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE runs SET report = NULL WHERE report IS NOT NULL AND id NOT IN
		(SELECT id FROM runs WHERE report IS NOT NULL ORDER BY id DESC LIMIT ?)`, maxReports); err != nil {
		return err
	}
	return tx.Commit()
}

const columns = `id, started, ended, pid, source, destination, options, outcome, verdict, counts, failed, failures`

// List returns the newest runs, the newest first; limit 0 returns all.
func (s *Store) List(ctx context.Context, limit int) ([]Run, error) {
	if limit <= 0 {
		limit = -1 // SQLite's word for all
	}
	rows, err := s.db.QueryContext(ctx, `SELECT `+columns+` FROM runs ORDER BY id DESC LIMIT ?`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var runs []Run
	for rows.Next() {
		r, err := s.scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		runs = append(runs, *r)
	}
	return runs, rows.Err()
}

// Get returns one run; [ErrNotFound] if there is none with that id.
func (s *Store) Get(ctx context.Context, id int64) (*Run, error) {
	r, err := s.scan(s.db.QueryRowContext(ctx, `SELECT `+columns+` FROM runs WHERE id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("run %d: %w", id, ErrNotFound)
	}
	return r, err
}

// Report returns what the report page of a run is made of; [ErrNoReport] if
// nothing is kept.
func (s *Store) Report(ctx context.Context, id int64) ([]byte, error) {
	var report []byte
	err := s.db.QueryRowContext(ctx, `SELECT report FROM runs WHERE id = ?`, id).Scan(&report)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("run %d: %w", id, ErrNotFound)
	case err != nil:
		return nil, err
	case len(report) == 0:
		return nil, fmt.Errorf("run %d: %w", id, ErrNoReport)
	}
	return report, nil
}

// Prune forgets the runs that began before a time, and returns how many these
// were. The database file gets smaller.
func (s *Store) Prune(ctx context.Context, before time.Time) (int64, error) {
	done, err := s.db.ExecContext(ctx, `DELETE FROM runs WHERE started < ?`, before.UnixMilli())
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	if err != nil || n == 0 {
		return n, err
	}
	_, err = s.db.ExecContext(ctx, `VACUUM`)
	return n, err
}

// scan reads the columns of a run, and looks whether it was killed.
func (s *Store) scan(into func(...any) error) (*Run, error) {
	var r Run
	var started int64
	var ended sql.NullInt64
	var options, counts, failures []byte
	err := into(&r.ID, &started, &ended, &r.PID, &r.Source, &r.Destination, &options, &r.Outcome, &r.Verdict, &counts, &r.Failed, &failures)
	if err != nil {
		return nil, err
	}
	r.Started = time.UnixMilli(started)
	if ended.Valid {
		r.Ended = time.UnixMilli(ended.Int64)
	}
	if r.Outcome == Running && !lives(s.dir, &r) {
		r.Outcome = Killed
	}
	return &r, errors.Join(json.Unmarshal(options, &r.Options), json.Unmarshal(counts, &r.Counts), json.Unmarshal(failures, &r.Failures))
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(text)
}
