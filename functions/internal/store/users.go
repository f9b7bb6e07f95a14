package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// User is an account.
type User struct {
	ID           uuid.UUID
	Username     string
	PasswordHash string // argon2id, as a PHC string
}

// AddUser stores a new user. The fault is Conflict if the username is taken, whatever its case.
func (s *Store) AddUser(ctx context.Context, username, passwordHash string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO users (id, username, password_hash, created_at) VALUES (?, ?, ?, ?)`,
		id[:], username, passwordHash, now())
	if number(err) == duplicateKey {
		return fault.New(fault.Conflict, "username_taken", "This username is taken.")
	}
	return err
}

// UserByName returns the user with this name, whatever its case, or a User without an ID if there is none.
func (s *Store) UserByName(ctx context.Context, username string) (User, error) {
	// Attempt truncates names in the same way, so that a name that finds an account also counts for it.
	found, err := query(ctx, s, scanUser, `SELECT id, username, password_hash FROM users WHERE username = LEFT(?, 64)`, username)
	if err != nil || len(found) == 0 {
		return User{}, err
	}
	return found[0], nil
}

// UserOf returns the user of a session. The fault is Unauthorized if the session is not valid.
func (s *Store) UserOf(ctx context.Context, owner task.Owner) (User, error) {
	found, err := query(ctx, s, scanUser, `SELECT u.id, u.username, u.password_hash FROM sessions s JOIN users u ON u.id = s.user_id WHERE `+validSession,
		sessionOf(owner)...)
	switch {
	case err != nil:
		return User{}, err
	case len(found) == 0:
		return User{}, sessionEnded()
	}
	return found[0], nil
}

func scanUser(row scanner) (u User, err error) {
	err = row.Scan(&u.ID, &u.Username, &u.PasswordHash)
	return u, err
}

// ChangePassword replaces the password hash of the owner's user, if it is still oldHash, ends all sessions of the user, adds
// the session renewed, valid until expiresAt, and forgives the failed logins of the attempt. The fault is Unauthorized if
// the owner's session has ended or the password was changed.
func (s *Store) ChangePassword(ctx context.Context, owner task.Owner, oldHash, newHash string, renewed task.Owner, expiresAt time.Time, a Attempt) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := lockUser(ctx, tx, owner, oldHash); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE id = ?`, newHash, owner.UserID[:]); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, owner.UserID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO sessions (user_id, id, created_at, expires_at) VALUES (?, ?, ?, ?)`,
			owner.UserID[:], renewed.SessionID[:], now(), expiresAt.UTC()); err != nil {
			return err
		}
		return a.forgive(ctx, tx)
	})
}

// DeleteUser deletes the owner's user and all sessions of the user, if the password hash is still the given one. The username is
// free at once; EmptyUser deletes the tasks. The fault is Unauthorized if the owner's session has ended or the password was changed.
func (s *Store) DeleteUser(ctx context.Context, owner task.Owner, passwordHash string, a Attempt) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := lockUser(ctx, tx, owner, passwordHash); err != nil {
			return err
		}
		if err := removeUser(ctx, tx, owner.UserID); err != nil {
			return err
		}
		return a.forgive(ctx, tx)
	})
}

// lockUser locks the owner's user, and then the owner's session, for a transaction that ends sessions. The lock on the user
// serializes such transactions, whichever of the user's sessions they run for.
func lockUser(ctx context.Context, tx *sql.Tx, owner task.Owner, passwordHash string) error {
	var stored string
	err := tx.QueryRowContext(ctx, `SELECT password_hash FROM users WHERE id = ? FOR UPDATE`, owner.UserID[:]).Scan(&stored)
	if err == nil {
		var valid int
		err = tx.QueryRowContext(ctx, `SELECT 1 FROM sessions s WHERE `+validSession+` FOR UPDATE`, sessionOf(owner)...).Scan(&valid)
	}
	if errors.Is(err, sql.ErrNoRows) || (err == nil && stored != passwordHash) {
		return sessionEnded()
	}
	return err
}

// endSessions ends all sessions of a user who is locked in this transaction, so that no session can be added.
func endSessions(ctx context.Context, tx *sql.Tx, userID uuid.UUID) error {
	_, err := tx.ExecContext(ctx, `UPDATE sessions SET ended_at = UTC_TIMESTAMP(6) WHERE user_id = ? AND ended_at IS NULL`, userID[:])
	return err
}
