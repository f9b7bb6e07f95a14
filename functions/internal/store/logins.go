package store

import (
	"context"
	"database/sql"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// How many failed logins there may be within windowStart and now, for one account and from one address.
const (
	accountAttempts = 10
	addressAttempts = 300
	windowStart     = `UTC_TIMESTAMP(6) - INTERVAL 15 MINUTE`
)

// The subjects that failures count for, as hashes: of an account's name by its weights, so that all ways to write it
// that the database takes for the same count together (it pads, so spaces behind a name, of weight 020A, are none), and
// unknown names like known ones; of an address as it is.
const (
	accountSubject = `UNHEX(SHA2(CONCAT('account:', TRIM(TRAILING '020A' FROM HEX(WEIGHT_STRING(LEFT(?, 64))))), 256))`
	addressSubject = `UNHEX(SHA2(CONCAT('address:', ?), 256))`
)

// Attempt is one try of a password, which counts as failed from before the password is looked at until it is forgiven.
// So of tries that run side by side only those that the database counts in the same moment can get past the limit.
type Attempt struct {
	id       uuid.UUID
	username string
	address  string // empty where it isn't known
}

// begin counts the attempt and selects, for the account and then the address, how many there are in the window and for
// how many seconds the oldest of them will still count.
func (a Attempt) begin() []statement {
	statements := []statement{a.add(accountSubject, a.username), a.count(accountSubject, a.username)}
	if a.address != "" {
		statements = append(statements, a.add(addressSubject, a.address), a.count(addressSubject, a.address))
	}
	return statements
}

func (a Attempt) add(subject, of string) statement {
	return statement{`INSERT INTO login_failures (subject, failed_at, id) VALUES (` + subject + `, UTC_TIMESTAMP(6), ?)`, []any{of, a.id[:]}}
}

func (a Attempt) count(subject, of string) statement {
	return statement{`SELECT COUNT(*), COALESCE(TIMESTAMPDIFF(SECOND, ` + windowStart + `, MIN(failed_at)), 0)
		FROM login_failures WHERE subject = ` + subject + ` AND failed_at > ` + windowStart, []any{of}}
}

// forgive crosses off all failures of the account and this one of the address: who knows the password has shown that
// the account's failures were theirs or did no harm.
func (a Attempt) forgive() statement {
	return statement{`DELETE FROM login_failures WHERE subject = ` + accountSubject + ` OR (subject = ` + addressSubject + ` AND id = ?)`,
		[]any{a.username, a.address, a.id[:]}}
}

// withdraw crosses off this attempt only: one that was refused unseen must not keep the next ones out for longer.
func (a Attempt) withdraw() statement {
	return statement{`DELETE FROM login_failures WHERE subject IN (` + accountSubject + `, ` + addressSubject + `) AND id = ?`,
		[]any{a.username, a.address, a.id[:]}}
}

// BeginLogin counts a try of a password for the account with this name and from this address (empty where it isn't
// known), and finds the user: one without an ID when there is none. The fault is Throttled, with the time until the next
// try, when there were too many.
func (s *Store) BeginLogin(ctx context.Context, username, address string) (User, Attempt, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, Attempt{}, err
	}
	a := Attempt{id, username, address}
	var user User
	var counted []tally
	start := func() { user, counted = User{}, nil }
	err = s.transact(ctx, start, func(rows *sql.Rows) error {
		if names, err := rows.Columns(); err != nil || len(names) == 3 {
			return rows.Scan(&user.ID, &user.Username, &user.PasswordHash)
		}
		var t tally
		err := rows.Scan(&t.tries, &t.seconds)
		counted = append(counted, t)
		return err
	}, append(a.begin(), userByName(username))...)
	if err != nil {
		return User{}, a, err
	}
	if wait := throttle(counted); wait > 0 {
		drop := a.withdraw()
		if _, err := s.exec(ctx, drop.text, drop.args...); err != nil {
			return User{}, a, err
		}
		return User{}, a, &fault.Error{Kind: fault.Throttled, Code: "too_many_attempts",
			Message: "There were too many failed attempts. Please wait before the next one.", RetryAfter: wait}
	}
	return user, a, nil
}

// BeginConfirmation counts a try, from this address, of the password of the user that a living session is for, and
// finds that user. The fault is Unauthorized when there is no such session, Throttled as with BeginLogin.
func (s *Store) BeginConfirmation(ctx context.Context, owner task.Owner, address string) (User, Attempt, error) {
	user, err := s.UserOf(ctx, owner)
	if err != nil {
		return User{}, Attempt{}, err
	}
	return s.BeginLogin(ctx, user.Username, address)
}

// tally is how often a subject failed in the window, this attempt included, and in how many seconds the first of those
// leaves it.
type tally struct {
	tries   int
	seconds int
}

// throttle is how long to wait after more failures than there may be, for the account first and then the address; 0
// while there were fewer.
func throttle(counted []tally) time.Duration {
	for i, limit := range []int{accountAttempts, addressAttempts} {
		if i < len(counted) && counted[i].tries > limit {
			return max(time.Second, time.Duration(counted[i].seconds)*time.Second)
		}
	}
	return 0
}
