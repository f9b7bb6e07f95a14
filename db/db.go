// Package db holds the schema as numbered migrations in portable SQL (MySQL 8.4 and later, MariaDB 10.11 and later)
// and brings a database up to the newest one.
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

// lockWait is how long a migration waits for another one to end, in seconds.
const lockWait = 120

// Migration is one step of the schema and whether the database has it.
type Migration struct {
	Name      string
	Applied   bool
	AppliedAt time.Time // UTC; zero unless Applied
}

// Up applies every migration that the database dsn (as go-sql-driver/mysql writes it) lacks, and names them. A second
// Up at the same time waits for the first and finds nothing left to do.
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

// Status lists the migrations in their order, with those that the database has marked as applied.
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

// locked runs f while no other process migrates the same database: MySQL's and MariaDB's named locks belong to a
// connection, so they end with it, whatever becomes of the process.
func locked(ctx context.Context, dsn string, f func(*goose.Provider) error) error {
	pool, config, err := open(dsn)
	if err != nil {
		return err
	}
	defer pool.Close()

	guard, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer guard.Close()
	lock := fmt.Sprintf("%.64s", "snaptask.migrate."+config.DBName) // MySQL refuses longer names
	var got sql.NullInt64
	if err := guard.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", lock, lockWait).Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return fmt.Errorf("another migration of %s is still running after %d s", config.DBName, lockWait)
	}
	defer guard.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(?)", lock)

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
