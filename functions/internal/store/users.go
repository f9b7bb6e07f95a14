package store

import (
	"context"
	"database/sql"
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
	return s.user(ctx, userByName(username))
}

// UserOf finds the user a living session is for. The fault is Unauthorized when there is no such session.
func (s *Store) UserOf(ctx context.Context, owner task.Owner) (User, error) {
	u, err := s.user(ctx, statement{`SELECT u.id, u.username, u.password_hash FROM sessions s JOIN users u ON u.id = s.user_id WHERE ` + living,
		session(owner)})
	if err == nil && u.ID == uuid.Nil {
		err = sessionEnded()
	}
	return u, err
}

func (s *Store) user(ctx context.Context, st statement) (User, error) {
	var u User
	err := s.query(ctx, func() { u = User{} }, func(rows *sql.Rows) error {
		return rows.Scan(&u.ID, &u.Username, &u.PasswordHash)
	}, st.text, st.args...)
	return u, err
}

func userByName(username string) statement {
	// A name is cut as Attempt cuts it, so that what finds an account also counts for it.
	return statement{`SELECT id, username, password_hash FROM users WHERE username = LEFT(?, 64)`, []any{username}}
}

// ChangePassword gives the owner's user a new password, if the old one's hash is still the stored one, ends all sessions
// of the user, and opens the one that renewed names until expiresAt, in one transaction. The fault is Unauthorized when
// the owner's session has ended meanwhile, or the password was changed.
func (s *Store) ChangePassword(ctx context.Context, owner task.Owner, oldHash, newHash string, renewed task.Owner, expiresAt time.Time, a Attempt) error {
	changed := int64(0)
	err := s.transact(ctx, func() { changed = 0 }, func(rows *sql.Rows) error { return rows.Scan(&changed) },
		statement{`UPDATE users u JOIN sessions s ON s.user_id = u.id SET u.password_hash = ? WHERE ` + living + ` AND u.password_hash = ?`,
			append(append([]any{newHash}, session(owner)...), oldHash)},
		countRows(),
		statement{`UPDATE sessions s JOIN users u ON u.id = s.user_id SET s.ended_at = UTC_TIMESTAMP(6)
			WHERE s.user_id = ? AND s.ended_at IS NULL AND u.password_hash = ?`, []any{owner.UserID[:], newHash}},
		statement{`INSERT INTO sessions (user_id, id, created_at, expires_at) SELECT u.id, ?, ?, ? FROM users u WHERE u.id = ? AND u.password_hash = ?`,
			[]any{renewed.SessionID[:], now(), expiresAt.UTC(), owner.UserID[:], newHash}},
		a.forgive(),
	)
	if err == nil && changed == 0 {
		err = sessionEnded()
	}
	return err
}

// DeleteUser removes the owner's user with all sessions and tasks, if the password's hash is still the stored one, and
// notes every picture for deletion, in one transaction. The fault is Unauthorized when the owner's session has ended
// meanwhile, or the password was changed.
func (s *Store) DeleteUser(ctx context.Context, owner task.Owner, passwordHash string, a Attempt) error {
	statements := []statement{
		{`DELETE u FROM users u JOIN sessions s ON s.user_id = u.id WHERE ` + living + ` AND u.password_hash = ?`,
			append(session(owner), passwordHash)},
		countRows(),
	}
	deleted := int64(0)
	err := s.transact(ctx, func() { deleted = 0 }, func(rows *sql.Rows) error { return rows.Scan(&deleted) },
		append(append(statements, takeLeavings(owner.UserID)...), a.forgive())...)
	if err == nil && deleted == 0 {
		err = sessionEnded()
	}
	return err
}

// takeLeavings takes what was a user's, if the transaction finds that the user's own row is gone, and writes the id down
// in its place. The sessions go first: their locks keep statements that run for them from adding anything behind it.
func takeLeavings(userID uuid.UUID) []statement {
	const gone = ` AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = ?)`
	twice := []any{userID[:], userID[:]}
	return []statement{
		{`DELETE FROM sessions WHERE user_id = ?` + gone, twice},
		{`INSERT IGNORE INTO object_deletions (user_id, task_id, object_key, created_at)
			SELECT t.user_id, t.id, t.image_key, UTC_TIMESTAMP(6) FROM tasks t WHERE t.user_id = ? AND t.image_key <> ''` + gone, twice},
		{`DELETE FROM task_labels WHERE user_id = ?` + gone, twice},
		{`DELETE FROM tasks WHERE user_id = ?` + gone, twice},
		{`DELETE FROM deleted_tasks WHERE user_id = ?` + gone, twice},
		{`INSERT IGNORE INTO deleted_users (id, deleted_at) SELECT ?, UTC_TIMESTAMP(6) FROM DUAL WHERE TRUE` + gone, twice},
	}
}

// now is the function's clock as the columns keep it: UTC, to the microsecond.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
