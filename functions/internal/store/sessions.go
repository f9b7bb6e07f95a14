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

// AddSession stores a session that lives until expiresAt, if the user still has the password whose hash was checked,
// and crosses off the failed logins that attempt counted. The fault is Unauthorized when the user has not.
func (s *Store) AddSession(ctx context.Context, owner task.Owner, passwordHash string, expiresAt time.Time, a Attempt) error {
	added := int64(0)
	err := s.transact(ctx, func() { added = 0 }, func(rows *sql.Rows) error { return rows.Scan(&added) },
		statement{`INSERT INTO sessions (user_id, id, created_at, expires_at)
			SELECT u.id, ?, ?, ? FROM users u WHERE u.id = ? AND u.password_hash = ? AND u.disabled_at IS NULL`,
			[]any{owner.SessionID[:], now(), expiresAt.UTC(), owner.UserID[:], passwordHash}},
		countRows(),
		a.forgive(),
	)
	if err == nil && added == 0 {
		err = fault.New(fault.Unauthorized, "wrong_credentials", "The username or the password is wrong.")
	}
	return err
}

// EndSession ends the owner's session everywhere. The fault is Unauthorized when it has ended already.
func (s *Store) EndSession(ctx context.Context, owner task.Owner) error {
	ended, err := s.exec(ctx, `UPDATE sessions s SET s.ended_at = UTC_TIMESTAMP(6) WHERE `+living, session(owner)...)
	if err == nil && ended == 0 {
		err = sessionEnded()
	}
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
