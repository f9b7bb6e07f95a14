package store

import (
	"context"
	"database/sql"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// Limits of failed logins since windowStart, for one account and from one address.
const (
	accountLimit = 10
	addressLimit = 300
	windowStart  = `UTC_TIMESTAMP(6) - INTERVAL 15 MINUTE`
)

// The subjects that failed logins are counted for, as hashes. The hash of an account's name is computed from its collation
// weights, so that all spellings that the database treats as one name are counted together (the collation ignores trailing
// spaces, of weight 020A), and unknown names are counted like those of accounts.
const (
	accountSubject = `UNHEX(SHA2(CONCAT('account:', TRIM(TRAILING '020A' FROM HEX(WEIGHT_STRING(LEFT(?, 64))))), 256))`
	addressSubject = `UNHEX(SHA2(CONCAT('address:', ?), 256))`
)

// Attempt is one use of a password. It counts as failed from before the password is checked until it is forgiven.
type Attempt struct {
	id       uuid.UUID
	username string
	address  string // empty if unknown
}

// BeginLogin counts an attempt for the account with this name and from this address, which is empty if unknown. It returns
// the user, without an ID if there is none with this name. The fault is Throttled, with the time until the next attempt, if
// there were too many. Since an attempt is counted before the limit is checked, no more attempts than the limit get a user,
// however many run concurrently.
func (s *Store) BeginLogin(ctx context.Context, username, address string) (User, Attempt, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, Attempt{}, err
	}
	a := Attempt{id, username, address}
	wait, err := s.count(ctx, a, accountSubject, username, accountLimit)
	if err == nil && wait == 0 && address != "" {
		wait, err = s.count(ctx, a, addressSubject, address, addressLimit)
	}
	if err != nil {
		return User{}, a, err
	}
	if wait > 0 {
		// An attempt that is refused without a check must not make later ones wait longer.
		if _, err := s.exec(ctx, `DELETE FROM login_failures WHERE subject IN (`+accountSubject+`, `+addressSubject+`) AND id = ?`,
			username, address, id[:]); err != nil {
			return User{}, a, err
		}
		return User{}, a, &fault.Error{Kind: fault.Throttled, Code: "too_many_attempts",
			Message: "There were too many failed attempts. Please wait before the next one.", RetryAfter: wait}
	}
	user, err := s.UserByName(ctx, username)
	return user, a, err
}

// count adds the attempt to those of a subject, given as an expression and its value. If there are more than limit within
// the window, it returns how long the oldest of them still counts, at least a second; otherwise 0.
func (s *Store) count(ctx context.Context, a Attempt, subject, value string, limit int) (wait time.Duration, err error) {
	if _, err := s.exec(ctx, `INSERT INTO login_failures (subject, failed_at, id) VALUES (`+subject+`, UTC_TIMESTAMP(6), ?)`, value, a.id[:]); err != nil {
		return 0, err
	}
	waits, err := query(ctx, s, func(row scanner) (time.Duration, error) {
		var attempts, seconds int
		if err := row.Scan(&attempts, &seconds); err != nil || attempts <= limit {
			return 0, err
		}
		return max(time.Second, time.Duration(seconds)*time.Second), nil
	}, `SELECT COUNT(*), COALESCE(TIMESTAMPDIFF(SECOND, `+windowStart+`, MIN(failed_at)), 0)
		FROM login_failures WHERE subject = `+subject+` AND failed_at > `+windowStart, value)
	if err != nil {
		return 0, err
	}
	return waits[0], nil
}

// BeginConfirmation is BeginLogin for the user of a session. The fault is Unauthorized if the session is not valid.
func (s *Store) BeginConfirmation(ctx context.Context, owner task.Owner, address string) (User, Attempt, error) {
	user, err := s.UserOf(ctx, owner)
	if err != nil {
		return User{}, Attempt{}, err
	}
	return s.BeginLogin(ctx, user.Username, address)
}

// forgive removes all failed logins of the account, and only this attempt from those of the address: whoever knows the
// password made the account's failed attempts or was not harmed by them.
func (a Attempt) forgive(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM login_failures WHERE subject = `+accountSubject+` OR (subject = `+addressSubject+` AND id = ?)`,
		a.username, a.address, a.id[:])
	return err
}
