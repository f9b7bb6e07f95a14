package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Wait returns when the server of the database dsn takes connections. It gives up after patience, and at once where the
// server answers that it will not have this account, or that there is no such database.
func Wait(ctx context.Context, dsn string, patience time.Duration) error {
	pool, _, err := open(dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	return wait(ctx, pool, patience)
}

func wait(ctx context.Context, pool *sql.DB, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := pool.PingContext(attempt)
		cancel()
		if err == nil || ctx.Err() != nil || refused(err) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the database can't be reached, for %s now: %w", patience, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// refused says that the server has answered, and will not do so differently soon.
func refused(err error) bool {
	const tooManyConnections, shuttingDown = 1040, 1053
	answer := (*mysql.MySQLError)(nil)
	return errors.As(err, &answer) && answer.Number != tooManyConnections && answer.Number != shuttingDown
}
