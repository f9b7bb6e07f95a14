package store

import (
	"context"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"
)

// Attempt is one use of a password. From BeginAttempt until it is forgiven it counts as failed, so that concurrent guesses count
// too. Failures delay the next attempt; they never lock an account.
type Attempt struct {
	Known  bool           // by a device that has signed in before, or by a valid session
	counts []failureCount // the last one is the client's own
}

// NewLogin returns the user with this name, or a User without an ID if there is none, and an attempt to sign in. If the device is
// one of the user's, the attempt counts for it and for all devices of the user; otherwise for the name together with the address,
// which is empty if unknown, and for the name alone. The fault is Throttled, with the time until the next attempt, after too many
// failures.
func (s *Store) NewLogin(ctx context.Context, username, address string, device task.Device) (User, *Attempt, error) {
	user, key, err := s.userAndKey(ctx, username)
	if err != nil {
		return User{}, nil, err
	}
	a := &Attempt{counts: []failureCount{
		{subject: nameSubject(key), delays: nameDelays},
		{subject: sourceSubject(key, address), delays: sourceDelays},
	}}
	if user.PasswordHash != "" && device.UserID == user.ID {
		a = &Attempt{true, []failureCount{
			{subject: devicesSubject(user.ID), delays: nameDelays},
			{subject: deviceSubject(device.ID), delays: sourceDelays},
		}}
	}
	return user, a, s.mayBegin(ctx, a)
}

// NewConfirmation returns the user of a session, when the session expires, and an attempt to confirm something with the password.
// The attempt counts for the session only. The fault is Unauthorized if the session is not valid, and Throttled as for NewLogin.
func (s *Store) NewConfirmation(ctx context.Context, owner task.Owner) (User, time.Time, *Attempt, error) {
	user, expires, err := s.userAndExpiry(ctx, owner)
	if err != nil {
		return User{}, time.Time{}, nil, err
	}
	a := &Attempt{true, []failureCount{{subject: sessionSubject(owner.SessionID), delays: sourceDelays}}}
	return user, expires, a, s.mayBegin(ctx, a)
}

// mayBegin reads the failures that count, and returns the fault Throttled if the attempt must not begin yet.
func (s *Store) mayBegin(ctx context.Context, a *Attempt) error {
	if err := s.readFailures(ctx, a.counts); err != nil {
		return err
	}
	var wait time.Duration
	for _, c := range a.counts {
		wait = max(wait, c.wait)
	}
	if wait > 0 {
		return throttled(wait)
	}
	return nil
}

func throttled(wait time.Duration) error {
	return &fault.Error{Kind: fault.Throttled, Code: "too_many_attempts",
		Message: "There were too many failed attempts. Please wait before the next one.", RetryAfter: wait}
}

// BeginAttempt counts an attempt as failed. The caller checks the password after that, and may forgive the attempt. The fault is
// Throttled if other attempts have begun since this one was made, and the next one has to wait.
func (s *Store) BeginAttempt(ctx context.Context, a *Attempt) error {
	const tries = 20 // far more than slots in which passwords are checked at once
	for range tries {
		begun, err := s.tryBegin(ctx, a)
		if err != nil || begun {
			return err
		}
		if err := s.mayBegin(ctx, a); err != nil {
			return err
		}
	}
	return throttled(time.Second)
}

// tryBegin counts a failure for every subject, or for none if the row of any has changed since it was read.
func (s *Store) tryBegin(ctx context.Context, a *Attempt) (begun bool, err error) {
	for i := range a.counts {
		added, err := s.addFailure(ctx, &a.counts[i])
		if err == nil && added {
			continue
		}
		if err == nil && i > 0 {
			err = notDone(s.removeFailures(ctx, 1, a.counts[:i]))
		}
		return false, err
	}
	return true, nil
}

// Early reports whether the next attempt of the same client need not wait, even if this one fails.
func (a *Attempt) Early() bool {
	own := a.counts[len(a.counts)-1]
	return own.delays.after(own.failures) == 0
}

// Forgive takes back the failures of an attempt's client, this one included: people who know their password mistype it. Failures
// of others for the same name still count. If the database does not answer soon, nothing is taken back: failures expire by themselves.
func (s *Store) Forgive(ctx context.Context, a *Attempt) {
	ctx, cancel := context.WithTimeout(ctx, 2*answerTime(s.timeout)) // the caller has done its work, and its reply must not wait for long
	defer cancel()
	own := a.counts[len(a.counts)-1]
	_ = s.removeFailures(ctx, own.failures, a.counts)
}
