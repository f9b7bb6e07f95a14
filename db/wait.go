package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Wait returns when the database server accepts connections. It returns an error after the timeout, or immediately if the
// server refuses the account or does not have the database.
func Wait(ctx context.Context, dsn string, timeout time.Duration) error {
	pool, _, err := open(dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	return wait(ctx, pool, timeout)
}

func wait(ctx context.Context, pool *sql.DB, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := pool.PingContext(attempt)
		cancel()
		if err == nil || ctx.Err() != nil || refused(err) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the database can't be reached after %s: %w", timeout, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// refused reports whether the server returned an error that waiting can't resolve.
func refused(err error) bool {
	const tooManyConnections, shuttingDown = 1040, 1053
	var answer *mysql.MySQLError
	return errors.As(err, &answer) && answer.Number != tooManyConnections && answer.Number != shuttingDown
}
