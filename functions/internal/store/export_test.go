package store

import (
	"context"
	"database/sql"
	"time"

	"snaptask/functions/internal/task"
)

// The statements of Tasks and Named, for tests of how the database executes them.
var (
	ListStatement  = listStatement
	NamedStatement = namedStatement
)

// ScanTask reads a row that ListStatement returned.
var ScanTask = func(row scanner) (task.Task, error) { return taskScanner()(row) }

// PredictionsColumn is how predictions are stored.
type PredictionsColumn = predictionsColumn

// How errors of the database become faults.
var (
	AsFault         = asFault
	OrUnknown       = orUnknown
	OrCommitUnknown = orCommitUnknown
)

// Unanswered returns the error of a statement whose answer was lost.
func Unanswered(cause error) error { return &unanswered{cause} }

// UserOf returns the user of a session.
func (s *Store) UserOf(ctx context.Context, owner task.Owner) (User, error) {
	user, _, err := s.userAndExpiry(ctx, owner)
	return user, err
}

// Pool returns the store's connections.
func (s *Store) Pool() *sql.DB { return s.pool }

// InTx runs f in a transaction.
func (s *Store) InTx(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	return s.inTx(ctx, f)
}

// Limits returns the statement that limits a connection.
var Limits = limits

// IsOf reports whether a connection that was opened at a time, at a server with this name, is one of the server with the
// name current that was started at a time.
func IsOf(name string, opened time.Time, current string, started time.Time) bool {
	return victim{server: server{hostname: name}, opened: opened}.isOf(server{hostname: current}, started)
}
