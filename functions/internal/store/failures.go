package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"strings"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
)

// delays determine how long the next check of a password has to wait: not at all after fewer than free failures, then 1 s, and
// twice as long after each further failure, at most longest.
type delays struct {
	free    int
	longest time.Duration
}

// Somebody who guesses from any number of addresses gets 10 checks of a name at once, 6 more in the following 63 s, and then one
// every 36 s: fewer than 120 an hour. One address alone gets fewer, so that it leaves turns of the name to others.
var (
	ofName   = delays{10, 36 * time.Second}
	ofSource = delays{5, 40 * time.Second}
)

func (d delays) after(failures int) time.Duration {
	if failures < d.free {
		return 0
	}
	return min(d.longest, time.Second<<min(failures-d.free, 6))
}

// subject is what failures are counted for, as a SHA-256.
type subject [sha256.Size]byte

// newSubject returns the subject of a kind with this identity. No identity but the last one may contain a colon.
func newSubject(kind string, identity ...string) subject {
	return sha256.Sum256([]byte(kind + ":" + strings.Join(identity, ":")))
}

func nameSubject(key string) subject             { return newSubject("name", key) }
func sourceSubject(key, address string) subject  { return newSubject("source", key, address) }
func devicesSubject(userID uuid.UUID) subject    { return newSubject("devices", userID.String()) }
func deviceSubject(deviceID uuid.UUID) subject   { return newSubject("device", deviceID.String()) }
func sessionSubject(sessionID uuid.UUID) subject { return newSubject("session", sessionID.String()) }

// failureCount is the row of a subject in password_failures.
type failureCount struct {
	subject
	delays
	failures int           // that count
	wait     time.Duration // until the next check
	stored   int           // the row's failures
	failedAt sql.NullTime  // the row's failed_at, not valid if there is no row
}

// readFailures reads the rows of counts, whose subjects and delays are set. Failures count until there was none for 15 minutes.
func (s *Store) readFailures(ctx context.Context, counts []failureCount) error {
	var subjects []any
	for _, c := range counts {
		subjects = append(subjects, c.subject[:])
	}
	read, err := query(ctx, s, func(row scanner) (c failureCount, err error) {
		var of []byte
		var micros int64
		err = row.Scan(&of, &c.failures, &micros, &c.stored, &c.failedAt)
		copy(c.subject[:], of)
		c.wait = time.Duration(max(micros, 0)) * time.Microsecond
		return c, err
	}, `SELECT subject, IF(failed_at > UTC_TIMESTAMP(6) - INTERVAL 15 MINUTE, failures, 0), COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), not_before), 0),
		failures, failed_at FROM password_failures WHERE subject IN (?`+strings.Repeat(`, ?`, len(counts)-1)+`)`, subjects...)
	for i, c := range counts {
		counts[i] = failureCount{subject: c.subject, delays: c.delays}
		for _, r := range read {
			if r.subject == c.subject {
				r.delays, r.wait = c.delays, min(r.wait, c.longest)
				counts[i] = r
			}
		}
	}
	return err
}

// addFailure counts one more failure, unless the row has changed since it was read. It reports whether it did.
func (s *Store) addFailure(ctx context.Context, c *failureCount) (added bool, err error) {
	failures := c.failures + 1
	var wait any // stays NULL without a delay: no clock decides then
	if delay := c.after(failures); delay > 0 {
		wait = delay.Seconds()
	}
	var rows int64
	if c.failedAt.Valid {
		rows, err = s.exec(ctx, `UPDATE password_failures SET failures = ?, not_before = UTC_TIMESTAMP(6) + INTERVAL ? SECOND, failed_at = UTC_TIMESTAMP(6)
			WHERE subject = ? AND failures = ? AND failed_at = ? AND (not_before IS NULL OR not_before <= UTC_TIMESTAMP(6))`, failures, wait, c.subject[:], c.stored, c.failedAt.Time)
	} else {
		rows, err = s.exec(ctx, `INSERT INTO password_failures (subject, failures, not_before, failed_at)
			VALUES (?, ?, UTC_TIMESTAMP(6) + INTERVAL ? SECOND, UTC_TIMESTAMP(6))`, c.subject[:], failures, wait)
		if number(err) == duplicateKey {
			return false, nil
		}
	}
	if err != nil || rows == 0 {
		return false, notDone(err)
	}
	c.failures = failures
	return true, nil
}

// notDone converts the fault OutcomeUnknown of a statement that only counts to Unavailable: whether the caller's call was counted or
// not, it is not done.
func notDone(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Code == fault.OutcomeUnknown(nil).Code {
		return fault.Unreachable("The database", f.Cause)
	}
	return err
}

// removeFailures takes back as many failures of each subject. If a subject has no others, its next check need not wait.
func (s *Store) removeFailures(ctx context.Context, failures int, counts []failureCount) error {
	args := []any{failures, failures, failures}
	for _, c := range counts {
		args = append(args, c.subject[:])
	}
	_, err := s.exec(ctx, `UPDATE password_failures SET not_before = IF(failures <= ?, NULL, not_before), failures = GREATEST(failures, ?) - ?
		WHERE subject IN (?`+strings.Repeat(`, ?`, len(counts)-1)+`)`, args...)
	return err
}
