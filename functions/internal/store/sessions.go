package store

import (
	"context"
	"database/sql"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"
)

// living is the part of every statement for a user that finds the session it runs for, if it is alive. Its values are
// those of session(owner).
const living = `s.user_id = ? AND s.id = ? AND s.ended_at IS NULL AND s.expires_at > UTC_TIMESTAMP(6)`

func session(owner task.Owner) []any { return []any{owner.UserID[:], owner.SessionID[:]} }

// AddSession stores a session that lives until expiresAt.
func (s *Store) AddSession(ctx context.Context, owner task.Owner, expiresAt time.Time) error {
	_, err := s.exec(ctx, `INSERT INTO sessions (user_id, id, created_at, expires_at) VALUES (?, ?, ?, ?)`,
		owner.UserID[:], owner.SessionID[:], now(), expiresAt.UTC())
	return err
}

// orUnauthorized finds out why a statement touched no row: the fault Unauthorized when its session has ended, else the
// given one.
func (s *Store) orUnauthorized(ctx context.Context, owner task.Owner, otherwise error) error {
	alive := false
	err := s.query(ctx, func() { alive = false }, func(*sql.Rows) error { alive = true; return nil },
		`SELECT 1 FROM sessions s WHERE `+living, session(owner)...)
	switch {
	case err != nil:
		return err
	case !alive:
		return sessionEnded()
	}
	return otherwise
}

func sessionEnded() error {
	return fault.New(fault.Unauthorized, "unauthorized", "The session has ended. Please sign in again.")
}

func noSuchTask() error { return fault.New(fault.NotFound, "task_not_found", "There is no such task.") }
