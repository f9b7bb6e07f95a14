// Package db contains the schema as numbered migrations, in SQL that works on both MySQL 8.4 and MariaDB 10.11, and applies
// them to a database.
package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var embedded embed.FS

// lockWait is how many seconds a migration waits for another one to end.
const lockWait = 120

// Migration is one step of the schema.
type Migration struct {
	Name      string
	Applied   bool
	AppliedAt time.Time // UTC; zero unless Applied
}

// Up applies the missing migrations and returns their names. dsn has the format of go-sql-driver/mysql. A concurrent Up waits
// for the first one and finds nothing to do.
func Up(ctx context.Context, dsn string) (applied []string, err error) {
	err = locked(ctx, dsn, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			applied = append(applied, r.Source.Path)
		}
		return err
	})
	return applied, err
}

// Status returns all migrations in order, applied or not.
func Status(ctx context.Context, dsn string) (all []Migration, err error) {
	err = locked(ctx, dsn, func(p *goose.Provider) error {
		states, err := p.Status(ctx)
		for _, s := range states {
			all = append(all, Migration{s.Source.Path, s.State == goose.StateApplied, s.AppliedAt})
		}
		return err
	})
	return all, err
}

// locked runs f under a named lock, so that no other process migrates the same database. The lock belongs to a connection
// and ends with it, even if the process is killed.
func locked(ctx context.Context, dsn string, f func(*goose.Provider) error) error {
	pool, config, err := open(dsn)
	if err != nil {
		return err
	}
	defer pool.Close()

	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	lock := fmt.Sprintf("%.64s", "snaptask.migrate."+config.DBName) // the longest name that MySQL accepts
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", lock, lockWait).Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return fmt.Errorf("another migration of %s is still running after %d s", config.DBName, lockWait)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(?)", lock)

	migrations, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectMySQL, pool, migrations)
	if err != nil {
		return err
	}
	return f(provider)
}
