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
	user, _, err := s.userAndKey(ctx, username)
	return user, err
}

// userAndKey is UserByName that also returns a key of the name: its collation weights, which are the same for all spellings that the
// database treats as one name, whether there is a user or not. Trailing spaces, of weight 020A, are removed because comparisons
// ignore them. The statement names the collation, because a proxy may not pass on that of the connection.
func (s *Store) userAndKey(ctx context.Context, username string) (User, string, error) {
	var key string
	found, err := query(ctx, s, func(row scanner) (User, error) {
		var id []byte
		var name, hash sql.NullString
		err := row.Scan(&key, &id, &name, &hash)
		u := User{Username: name.String, PasswordHash: hash.String}
		copy(u.ID[:], id)
		return u, err
	}, `SELECT k.weights, u.id, u.username, u.password_hash
		FROM (SELECT TRIM(TRAILING '020A' FROM HEX(WEIGHT_STRING(LEFT(CONVERT(? USING utf8mb4) COLLATE utf8mb4_unicode_520_ci, 64)))) AS weights) k
		LEFT JOIN users u ON u.username = LEFT(?, 64)`, username, username)
	if err != nil {
		return User{}, "", err
	}
	return found[0], key, nil
}

// userAndExpiry returns the user of a session and when the session expires. The fault is Unauthorized if the session is not valid.
func (s *Store) userAndExpiry(ctx context.Context, owner task.Owner) (User, time.Time, error) {
	var expires time.Time
	found, err := query(ctx, s, func(row scanner) (u User, err error) {
		err = row.Scan(&u.ID, &u.Username, &u.PasswordHash, &expires)
		return u, err
	}, `SELECT u.id, u.username, u.password_hash, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE `+validSession, sessionOf(owner)...)
	switch {
	case err != nil:
		return User{}, time.Time{}, err
	case len(found) == 0:
		return User{}, time.Time{}, sessionEnded()
	}
	return found[0], expires, nil
}

// ChangePassword replaces the password hash of the owner's user, if it is still oldHash, and ends all sessions of the user but the
// owner's. The fault is Unauthorized if the owner's session has ended, Unavailable if the password was changed.
func (s *Store) ChangePassword(ctx context.Context, owner task.Owner, oldHash, newHash string) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := lockUser(ctx, tx, owner, oldHash); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE id = ?`, newHash, owner.UserID[:]); err != nil {
			return err
		}
		return endSessions(ctx, tx, owner)
	})
}

// DeleteUser deletes the owner's user and all sessions of the user, if the password hash is still the given one. The username is
// free at once; EmptyUser deletes the tasks. The fault is Unauthorized if the owner's session has ended, Unavailable if the password
// was changed.
func (s *Store) DeleteUser(ctx context.Context, owner task.Owner, passwordHash string) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := lockUser(ctx, tx, owner, passwordHash); err != nil {
			return err
		}
		return removeUser(ctx, tx, owner.UserID)
	})
}

// lockUser locks the owner's user, and then the owner's session, for a transaction that ends sessions. The lock on the user
// serializes such transactions, whichever of the user's sessions they run for. If another call of the same session has changed the
// password since it was checked, the session is still valid, and a repeat finds out what holds now.
func lockUser(ctx context.Context, tx *sql.Tx, owner task.Owner, passwordHash string) error {
	var stored string
	err := tx.QueryRowContext(ctx, `SELECT password_hash FROM users WHERE id = ? FOR UPDATE`, owner.UserID[:]).Scan(&stored)
	if err == nil {
		var valid int
		err = tx.QueryRowContext(ctx, `SELECT 1 FROM sessions s WHERE `+validSession+` FOR UPDATE`, sessionOf(owner)...).Scan(&valid)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return sessionEnded()
	case err == nil && stored != passwordHash:
		return passwordChanged()
	}
	return err
}

// endSessions ends all sessions of the owner's user except the owner's own, if that has an ID. The user has to be locked in this
// transaction, so that no session can be added.
func endSessions(ctx context.Context, tx *sql.Tx, owner task.Owner) error {
	_, err := tx.ExecContext(ctx, `UPDATE sessions SET ended_at = UTC_TIMESTAMP(6) WHERE user_id = ? AND id <> ? AND ended_at IS NULL`,
		owner.UserID[:], owner.SessionID[:])
	return err
}
