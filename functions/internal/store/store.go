// Package store keeps users, sessions and tasks in MySQL. Every statement of the functions stands here, and every one
// for a user checks the session it runs for by itself.
package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Config says how the database is reached.
type Config struct {
	DSN         string        // USER:PASSWORD@tcp(HOST:PORT)/DATABASE
	MaxOpen     int           // connections at once
	MaxLifetime time.Duration // after which a connection is replaced
	Timeout     time.Duration // for one statement or transaction
}

// Store runs the statements. All its errors are faults: Unavailable when the database is away.
type Store struct {
	pool    *sql.DB
	timeout time.Duration
}

// New prepares a Store and dials nothing.
func New(c Config) (*Store, error) {
	config, err := mysql.ParseDSN(c.DSN)
	if err != nil {
		return nil, errors.New("the secret mysql-dsn can't be read: want USER:PASSWORD@tcp(HOST:PORT)/DATABASE")
	}
	config.ParseTime = true
	config.Loc = time.UTC
	config.Collation = "utf8mb4_unicode_520_ci"
	config.InterpolateParams = true // one round trip a statement; values are escaped by the driver
	config.MultiStatements = true   // one round trip a transaction; all statements are constants of this package
	config.ClientFoundRows = true   // an update that finds its row counts, even if nothing in it changes
	config.RejectReadOnly = true    // leave a demoted primary instead of failing on it
	config.Timeout = min(c.Timeout, 2*time.Second)
	config.ReadTimeout = c.Timeout
	config.WriteTimeout = c.Timeout
	config.Logger = &mysql.NopLogger{} // what fails is logged once, with the request
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(c.MaxOpen)
	pool.SetMaxIdleConns(c.MaxOpen)
	pool.SetConnMaxLifetime(c.MaxLifetime)
	return &Store{pool, c.Timeout}, nil
}

// Close ends the store's connections.
func (s *Store) Close() error { return s.pool.Close() }

// statement is SQL with its values.
type statement struct {
	text string
	args []any
}

// exec runs one statement by itself and says how many rows it found.
func (s *Store) exec(ctx context.Context, text string, args ...any) (rows int64, err error) {
	err = s.again(ctx, func(ctx context.Context) error {
		result, err := s.pool.ExecContext(ctx, text, args...)
		if err != nil {
			return err
		}
		rows, err = result.RowsAffected()
		return err
	})
	return rows, err
}

// query runs one statement and gives each of its rows to scan. start runs before each try.
func (s *Store) query(ctx context.Context, start func(), scan func(*sql.Rows) error, text string, args ...any) error {
	return s.again(ctx, func(ctx context.Context) error {
		start()
		rows, err := s.pool.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		return each(rows, scan)
	})
}

// transact runs statements as one transaction in one round trip: all of them or none. Rows that they select go to
// scan, in order. start runs before each try. Should the connection end half-way, the server rolls back.
func (s *Store) transact(ctx context.Context, start func(), scan func(*sql.Rows) error, statements ...statement) error {
	texts := []string{"START TRANSACTION"}
	var args []any
	for _, st := range statements {
		texts = append(texts, st.text)
		args = append(args, st.args...)
	}
	texts = append(texts, "COMMIT")
	text := strings.Join(texts, ";\n")
	return s.again(ctx, func(ctx context.Context) error {
		start()
		conn, err := s.pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		err = batch(ctx, conn, scan, text, args)
		if err != nil {
			// The transaction may still be open on this connection: it must not serve another one.
			conn.Raw(func(any) error { return errBroken })
		}
		return err
	})
}

func batch(ctx context.Context, conn *sql.Conn, scan func(*sql.Rows) error, text string, args []any) error {
	rows, err := conn.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		if err := each(rows, scan); err != nil {
			return err
		}
		if !rows.NextResultSet() {
			return rows.Err()
		}
	}
}

func each(rows *sql.Rows, scan func(*sql.Rows) error) error {
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// again runs f within the store's time, up to three times when the database took it back to break a deadlock, and
// turns its error into a fault.
func (s *Store) again(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	const tries = 3
	for try := 1; ; try++ {
		err := f(ctx)
		if err == nil || !rolledBack(err) || try == tries || ctx.Err() != nil {
			return away(err)
		}
	}
}
