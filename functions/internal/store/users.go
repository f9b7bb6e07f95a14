package store

import (
	"context"
	"database/sql"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
)

// User is an account.
type User struct {
	ID           uuid.UUID
	Username     string
	PasswordHash string // argon2id, as a PHC string
}

// AddUser stores a new user. The fault is Conflict when the username is taken, whatever its case.
func (s *Store) AddUser(ctx context.Context, u User) error {
	_, err := s.exec(ctx, `INSERT INTO users (id, username, password_hash, created_at) VALUES (?, ?, ?, ?)`,
		u.ID[:], u.Username, u.PasswordHash, now())
	if number(err) == duplicateKey {
		return fault.New(fault.Conflict, "username_taken", "This username is taken.")
	}
	return err
}

// UserByName finds a user by name, whatever its case. It gives a User without an ID when there is none.
func (s *Store) UserByName(ctx context.Context, username string) (User, error) {
	var u User
	err := s.query(ctx, func() { u = User{} }, func(rows *sql.Rows) error {
		return rows.Scan(&u.ID, &u.Username, &u.PasswordHash)
	}, `SELECT id, username, password_hash FROM users WHERE username = ?`, username)
	return u, err
}

// now is the function's clock as the columns keep it: UTC, to the microsecond.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
