// Package store keeps users, sessions and tasks, and the keys of their pictures, in MySQL or MariaDB. Every SQL statement
// of the functions is in this package.
//
// A read on behalf of a user is one statement with the session in its WHERE clause. So is logging out. Everything else on behalf of
// a user is a transaction that locks the session's row before it changes anything, so that the session can't end before the
// transaction does. Transactions lock users before sessions, sessions before tasks, tasks before what belongs to them, and
// user_usage last.
package store

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"time"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/dial"
	"snaptask/functions/telemetry"

	"github.com/go-sql-driver/mysql"
)

// Config configures the connections to the database.
type Config struct {
	DSN         string        // USER:PASSWORD@tcp(HOST:PORT)/DATABASE
	MaxOpen     int           // maximum number of connections, besides one that ends abandoned statements
	MaxLifetime time.Duration // after which a connection is replaced
	Timeout     time.Duration // for one statement or transaction
	Quota       Usage         // of each user; 0 does not limit
}

// Store runs the statements. If the database is unreachable or does not respond in time, its methods return the fault
// Unavailable: with the code outcome_unknown if a write may have taken effect, otherwise it has not.
type Store struct {
	pool         *sql.DB
	killer       *killer
	timeout      time.Duration
	quota        Usage
	removeMetric func() // of the pool
}

// ReadConfig reads DB_MAX_OPEN, DB_MAX_LIFETIME, DB_TIMEOUT, QUOTA_*, and the secret mysql-dsn, or with DB_ACCOUNT=write the
// secret mysql-dsn-write: the accounts and their rights are in db/rights.sql.
func ReadConfig(c *config.Reader) Config {
	return Config{
		DSN:         c.SecretOf("mysql-dsn", c.Text("DB_ACCOUNT", "")),
		MaxOpen:     c.Int("DB_MAX_OPEN", 2, 1),
		MaxLifetime: c.Duration("DB_MAX_LIFETIME", 5*time.Minute, time.Millisecond),
		Timeout:     c.Duration("DB_TIMEOUT", 5*time.Second, time.Millisecond),
		Quota:       readQuota(c),
	}
}

// Open returns a Store with the settings that c reads. It does not connect; c collects the problems.
func Open(c *config.Reader) *Store {
	s, err := New(ReadConfig(c))
	if err != nil {
		c.Fail("mysql-dsn", "%w", err)
	}
	return s
}

// New returns a Store. It does not connect.
func New(c Config) (*Store, error) {
	driver, err := mysql.ParseDSN(c.DSN)
	if err != nil {
		return nil, errors.New("must be USER:PASSWORD@tcp(HOST:PORT)/DATABASE")
	}
	driver.ParseTime = true
	driver.Loc = time.UTC
	driver.Collation = "utf8mb4_unicode_520_ci"
	driver.InterpolateParams = true // one round trip for each statement: the driver escapes values instead of preparing
	driver.ClientFoundRows = true   // RowsAffected counts the rows that an UPDATE matches, even if it does not change them
	driver.RejectReadOnly = true    // reconnect when a primary has become a replica
	dialer := &net.Dialer{Timeout: time.Second}
	driver.DialFunc = dial.Again(dialer.DialContext)
	driver.Timeout = min(c.Timeout*3/5, dial.Patience)
	driver.ReadTimeout = c.Timeout
	driver.WriteTimeout = c.Timeout
	driver.Logger = &mysql.NopLogger{} // errors are logged once, with the request
	dialling, err := mysql.NewConnector(driver)
	if err != nil {
		return nil, err
	}
	driver.DialFunc = dialer.DialContext
	driver.ReadTimeout = min(c.Timeout, killTimeout)
	killing, err := mysql.NewConnector(driver)
	if err != nil {
		return nil, err
	}
	connections := &connector{Connector: dialling, timeout: c.Timeout, places: make(chan struct{}, c.MaxOpen)}
	connections.killer = newKiller(killing, connections.release)
	pool := sql.OpenDB(connections)
	pool.SetMaxOpenConns(c.MaxOpen)
	pool.SetMaxIdleConns(c.MaxOpen)
	pool.SetConnMaxLifetime(c.MaxLifetime)
	return &Store{pool: pool, killer: connections.killer, timeout: c.Timeout, quota: c.Quota, removeMetric: measurePool(pool)}, nil
}

// Close closes the store's connections, and ends what was abandoned at the server if that takes no more than a second.
func (s *Store) Close() error {
	s.removeMetric()
	err := s.pool.Close()
	s.killer.close()
	return err
}

// inTx runs f in a transaction, and commits it unless f returns an error. f may run several times, see retry.
func (s *Store) inTx(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	return s.retry(ctx, func(ctx context.Context) error {
		tx, err := s.pool.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() // no-op after Commit
		if err := f(ctx, tx); err != nil {
			return err
		}
		// If the caller has given up, the work must not take effect: without time for the answer, COMMIT is not sent.
		if !hasTime(ctx, answerTime(s.timeout)) {
			return context.DeadlineExceeded
		}
		return orCommitUnknown(tx.Commit())
	})
}

// exec runs a statement that commits by itself. It returns the number of matched rows.
func (s *Store) exec(ctx context.Context, text string, args ...any) (rows int64, err error) {
	err = s.retry(ctx, func(ctx context.Context) error {
		rows, err = rowsFound(s.pool.ExecContext(ctx, text, args...))
		return orUnknown(err)
	})
	return rows, err
}

func rowsFound(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// scanner is a *sql.Row or the current row of *sql.Rows.
type scanner interface{ Scan(into ...any) error }

func scanValue[T any](row scanner) (value T, err error) {
	err = row.Scan(&value)
	return value, err
}

// query scans every row that a SELECT returns.
func query[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), text string, args ...any) (all []T, err error) {
	err = s.retry(ctx, func(ctx context.Context) error {
		rows, err := s.pool.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		all, err = collect(rows, scan)
		return err
	})
	return all, err
}

func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) (all []T, err error) {
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// retry calls f within the store's timeout, and up to two more times after a deadlock or a lock wait timeout while there is
// time for both another wait and an answer. It converts the database's errors to faults.
func (s *Store) retry(ctx context.Context, f func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	ctx, end := telemetry.Begin(ctx, telemetry.Database, "database")
	defer func() { end(databaseFailure(err)) }()
	const tries = 3
	for try := 1; ; try++ {
		err := f(ctx)
		if !lockFailed(err) || try == tries || ctx.Err() != nil || !hasTime(ctx, lockWait(s.timeout)+answerTime(s.timeout)/2) {
			return asFault(err)
		}
	}
}

// now returns the time in UTC with the precision of the columns, microseconds.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
