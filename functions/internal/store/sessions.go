package store

import (
	"context"
	"time"

	"snaptask/functions/internal/task"
)

// validSession is the condition for the row of an owner's session, if it is valid: neither ended nor expired. Its values
// are those of sessionOf.
const validSession = `s.user_id = ? AND s.id = ? AND s.ended_at IS NULL AND s.expires_at > UTC_TIMESTAMP(6)`

func sessionOf(owner task.Owner) []any { return []any{owner.UserID[:], owner.SessionID[:]} }

// AddSession stores a session that is valid until expiresAt, if the user still has the password whose hash was checked. The fault
// is Unauthorized if the user has another password or is disabled.
func (s *Store) AddSession(ctx context.Context, owner task.Owner, passwordHash string, expiresAt time.Time) error {
	added, err := s.exec(ctx, `INSERT INTO sessions (user_id, id, created_at, expires_at)
		SELECT u.id, ?, ?, ? FROM users u WHERE u.id = ? AND u.password_hash = ? AND u.disabled_at IS NULL LOCK IN SHARE MODE`,
		owner.SessionID[:], now(), expiresAt.UTC(), owner.UserID[:], passwordHash)
	if err == nil && added == 0 {
		err = WrongCredentials()
	}
	return err
}

// EndSession ends the owner's session. The fault is Unauthorized if it has ended already.
func (s *Store) EndSession(ctx context.Context, owner task.Owner) error {
	ended, err := s.exec(ctx, `UPDATE sessions s SET s.ended_at = UTC_TIMESTAMP(6) WHERE `+validSession, sessionOf(owner)...)
	if err == nil && ended == 0 {
		err = sessionEnded()
	}
	return err
}

// CheckSession returns the fault Unauthorized if the owner's session is not valid.
func (s *Store) CheckSession(ctx context.Context, owner task.Owner) error {
	return s.orSessionEnded(ctx, owner, nil)
}

// orSessionEnded returns why a statement found no row: the fault Unauthorized if the owner's session is not valid, and
// otherwise the given error.
func (s *Store) orSessionEnded(ctx context.Context, owner task.Owner, otherwise error) error {
	valid, err := query(ctx, s, scanValue[int], `SELECT 1 FROM sessions s WHERE `+validSession, sessionOf(owner)...)
	switch {
	case err != nil:
		return err
	case len(valid) == 0:
		return sessionEnded()
	}
	return otherwise
}
