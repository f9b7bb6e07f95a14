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

// From any number of addresses, a name's password can be checked 10 times at once, 6 times more in the following 63 s, and then once
// every 36 s: fewer than 120 times an hour. One address gets fewer checks, so that it does not take all of the name's.
var (
	nameDelays   = delays{10, 36 * time.Second}
	sourceDelays = delays{5, 40 * time.Second}
)

func (d delays) after(failures int) time.Duration {
	if failures < d.free {
		return 0
	}
	return min(d.longest, time.Second<<min(failures-d.free, 6))
}

// subject is the SHA-256 of what failures are counted for.
type subject [sha256.Size]byte

// newSubject returns a subject of this kind and identity. Only the last part of an identity may contain a colon.
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
	subject  subject
	delays   delays
	failures int           // those that still count
	wait     time.Duration // until the next check
	stored   int           // the row's failures
	failedAt sql.NullTime  // the row's failed_at, not valid if there is no row
}

// readFailures reads the rows of counts, whose subjects and delays are set. Failures count until 15 minutes after the last one.
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
				r.delays, r.wait = c.delays, min(r.wait, c.delays.longest)
				counts[i] = r
			}
		}
	}
	return err
}

// addFailure counts one more failure, unless the row has changed since it was read. It reports whether it has counted one.
func (s *Store) addFailure(ctx context.Context, c *failureCount) (added bool, err error) {
	failures := c.failures + 1
	var wait any // NULL without a delay, so that setting the server's clock back adds none
	if delay := c.delays.after(failures); delay > 0 {
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

// notDone converts the fault OutcomeUnknown of a statement that counts an attempt to "unavailable": whether it was counted or not,
// what the caller asked for has not been done.
func notDone(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Code == fault.OutcomeUnknown(nil).Code {
		return fault.Unreachable("The database", f.Cause)
	}
	return err
}

// removeFailures takes back this many failures of each subject. A subject without failures need not wait for its next check.
func (s *Store) removeFailures(ctx context.Context, failures int, counts []failureCount) error {
	args := []any{failures, failures, failures}
	for _, c := range counts {
		args = append(args, c.subject[:])
	}
	_, err := s.exec(ctx, `UPDATE password_failures SET not_before = IF(failures <= ?, NULL, not_before), failures = GREATEST(failures, ?) - ?
		WHERE subject IN (?`+strings.Repeat(`, ?`, len(counts)-1)+`)`, args...)
	return err
}
