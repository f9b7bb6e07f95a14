package store

import (
	"context"
	"database/sql"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
)

// Account is a user as an operator sees it.
type Account struct {
	Username   string
	CreatedAt  time.Time // UTC
	DisabledAt time.Time // UTC; zero unless an operator has disabled it
}

// Accounts lists accounts by name, at most limit, from behind the given name on.
func (s *Store) Accounts(ctx context.Context, behind string, limit int) (all []Account, err error) {
	err = s.query(ctx, func() { all = nil }, func(rows *sql.Rows) error {
		var a Account
		var disabled sql.NullTime
		err := rows.Scan(&a.Username, &a.CreatedAt, &disabled)
		a.DisabledAt = disabled.Time
		all = append(all, a)
		return err
	}, `SELECT username, created_at, disabled_at FROM users WHERE username > ? ORDER BY username LIMIT ?`, behind, limit)
	return all, err
}

// DisableUser keeps the user from signing in and ends all sessions of the user, in one transaction. The fault is NotFound
// when there is no such user.
func (s *Store) DisableUser(ctx context.Context, username string) error {
	return s.onUser(ctx,
		statement{`UPDATE users SET disabled_at = COALESCE(disabled_at, UTC_TIMESTAMP(6)) WHERE username = ?`, []any{username}},
		countRows(),
		endSessions(username),
	)
}

// EnableUser lets a disabled user sign in again. The fault is NotFound when there is no such user.
func (s *Store) EnableUser(ctx context.Context, username string) error {
	return s.onUser(ctx,
		statement{`UPDATE users SET disabled_at = NULL WHERE username = ?`, []any{username}},
		countRows(),
	)
}

// ResetPassword gives the user the password that hash was made of, ends all sessions of the user and crosses off the failed
// logins, in one transaction. The fault is NotFound when there is no such user.
func (s *Store) ResetPassword(ctx context.Context, username, hash string) error {
	return s.onUser(ctx,
		statement{`UPDATE users SET password_hash = ? WHERE username = ?`, []any{hash, username}},
		countRows(),
		endSessions(username),
		Attempt{username: username}.forgive(),
	)
}

// RemoveUser removes the user with all sessions and tasks and notes every picture for deletion, in one transaction. The
// fault is NotFound when there is no such user.
func (s *Store) RemoveUser(ctx context.Context, username string) error {
	user, err := s.UserByName(ctx, username)
	if err != nil {
		return err
	}
	if user.ID == uuid.Nil {
		return noSuchUser()
	}
	statements := []statement{{`DELETE FROM users WHERE id = ?`, []any{user.ID[:]}}, countRows()}
	return s.onUser(ctx, append(append(statements, takeLeavings(user.ID)...), Attempt{username: username}.forgive())...)
}

// endSessions ends all of a user's. It comes after a statement that changes the user's row: whoever opens a session at
// the same time has either done so, and it ends, or waits and then sees the change.
func endSessions(username string) statement {
	return statement{`UPDATE sessions s JOIN users u ON u.id = s.user_id SET s.ended_at = UTC_TIMESTAMP(6)
		WHERE u.username = ? AND s.ended_at IS NULL`, []any{username}}
}

// onUser runs statements as one transaction, of which countRows tells whether there is the user.
func (s *Store) onUser(ctx context.Context, statements ...statement) error {
	touched := int64(0)
	err := s.transact(ctx, func() { touched = 0 }, func(rows *sql.Rows) error { return rows.Scan(&touched) }, statements...)
	if err == nil && touched == 0 {
		err = noSuchUser()
	}
	return err
}

func noSuchUser() error { return fault.New(fault.NotFound, "user_not_found", "There is no such user.") }
