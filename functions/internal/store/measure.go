package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"snaptask/functions/internal/fault"
	"snaptask/functions/telemetry"
)

// measurePool adds the pool's connections to the metrics until remove is called.
func measurePool(pool *sql.DB) (remove func()) {
	return telemetry.Gauge("database_connections", "Connections to the database: those in use, idle ones, and the most that there may be.", "state",
		func() map[string]float64 {
			s := pool.Stats()
			return map[string]float64{"in_use": float64(s.InUse), "idle": float64(s.Idle), "limit": float64(s.MaxOpenConnections)}
		})
}

// databaseFailure returns err if the database is its reason, otherwise nil: that a task does not exist is no failure.
func databaseFailure(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind != fault.Unavailable {
		return nil
	}
	return err
}

// maxText is how many bytes of a statement are in its span: some have a condition for each of hundreds of rows.
const maxText = 1000

// traced begins the span of a statement, if the call is traced. Its text has no values: these are arguments.
func traced(ctx context.Context, text string) (end func(error)) {
	verb, _, _ := strings.Cut(text, " ")
	return telemetry.Step(ctx, verb, "db.system.name", "mysql", "db.query.text", text[:min(len(text), maxText)])
}
