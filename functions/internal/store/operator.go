package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// Account is a user as an operator sees it.
type Account struct {
	Username   string
	CreatedAt  time.Time // UTC
	DisabledAt time.Time // UTC; zero unless an operator has disabled the account
}

// Accounts returns accounts in the order of their names, at most limit, starting after the given name, or with the first one
// if that is empty. The collation may treat a name of invisible characters as empty as well.
func (s *Store) Accounts(ctx context.Context, after string, limit int) ([]Account, error) {
	return query(ctx, s, func(row scanner) (Account, error) {
		var a Account
		var disabled sql.NullTime
		err := row.Scan(&a.Username, &a.CreatedAt, &disabled)
		a.DisabledAt = disabled.Time
		return a, err
	}, `SELECT username, created_at, disabled_at FROM users WHERE ? OR username > ? ORDER BY username LIMIT ?`, after == "", after, limit)
}

// DisableUser prevents the user from signing in and ends all sessions of the user. The fault is NotFound if there is no such
// user.
func (s *Store) DisableUser(ctx context.Context, username string) error {
	return s.changeUser(ctx, username, func(ctx context.Context, tx *sql.Tx, id uuid.UUID) error {
		if _, err := tx.ExecContext(ctx, `UPDATE users SET disabled_at = COALESCE(disabled_at, UTC_TIMESTAMP(6)) WHERE id = ?`, id[:]); err != nil {
			return err
		}
		return endSessions(ctx, tx, task.Owner{UserID: id})
	})
}

// EnableUser lets a disabled user sign in again. The fault is NotFound if there is no such user.
func (s *Store) EnableUser(ctx context.Context, username string) error {
	return s.changeUser(ctx, username, func(ctx context.Context, tx *sql.Tx, id uuid.UUID) error {
		_, err := tx.ExecContext(ctx, `UPDATE users SET disabled_at = NULL WHERE id = ?`, id[:])
		return err
	})
}

// ResetPassword replaces the user's password hash, ends all sessions of the user and forgets the failures that count for the name
// and for its devices. The fault is NotFound if there is no such user.
func (s *Store) ResetPassword(ctx context.Context, username, hash string) error {
	_, key, err := s.userAndKey(ctx, username)
	if err != nil {
		return err
	}
	name := nameSubject(key)
	return s.changeUser(ctx, username, func(ctx context.Context, tx *sql.Tx, id uuid.UUID) error {
		if _, err := tx.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE id = ?`, hash, id[:]); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, task.Owner{UserID: id}); err != nil {
			return err
		}
		devices := devicesSubject(id)
		_, err := tx.ExecContext(ctx, `DELETE FROM password_failures WHERE subject IN (?, ?)`, name[:], devices[:])
		return err
	})
}

// RemoveUser deletes the user and all sessions of the user. The username is free at once; EmptyUser deletes the tasks. The
// fault is NotFound if there is no such user.
func (s *Store) RemoveUser(ctx context.Context, username string) error {
	return s.changeUser(ctx, username, func(ctx context.Context, tx *sql.Tx, id uuid.UUID) error {
		return removeUser(ctx, tx, id)
	})
}

// changeUser runs f in a transaction in which the user is locked, so that no session can be added.
func (s *Store) changeUser(ctx context.Context, username string, f func(context.Context, *sql.Tx, uuid.UUID) error) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		id, err := scanValue[uuid.UUID](tx.QueryRowContext(ctx, `SELECT id FROM users WHERE username = ? FOR UPDATE`, username))
		if errors.Is(err, sql.ErrNoRows) {
			return noSuchUser()
		}
		if err != nil {
			return err
		}
		return f(ctx, tx, id)
	})
}
