// Package credentials checks the passwords of people who sign in, or who confirm a change that a stolen session must not allow. It
// checks a few at a time, and after failures it delays the next attempt.
package credentials

import (
	"context"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
)

// Checker checks the passwords of users.
type Checker struct {
	passwords *auth.Passwords
	users     *store.Store
}

// New returns a Checker.
func New(users *store.Store) *Checker { return &Checker{auth.NewPasswords(), users} }

// Login is an attempt to sign in.
type Login struct {
	auth.Credentials
	Address string      // of the client, empty if unknown
	Device  task.Device // that the client has proven, zero if none
}

// Login calls do with the user if username and password are right. The fault is Unauthorized if they are not, Unavailable if too many
// people sign in, and Throttled as for store.Store.NewLogin.
func (c *Checker) Login(ctx context.Context, l Login, do func(store.User) error) error {
	user, attempt, err := c.users.NewLogin(ctx, auth.TrimUsername(l.Username), l.Address, l.Device)
	if err != nil {
		return err
	}
	return c.attempt(ctx, attempt, l.Address, func() error {
		matches, err := auth.Matches(user.PasswordHash, l.Password)
		switch {
		case err != nil:
			return err
		case !matches:
			return store.WrongCredentials()
		}
		return do(user)
	})
}

// Confirmed is a person whose password was right.
type Confirmed struct {
	store.User
	Expires  time.Time // of the session
	Repeated bool      // an earlier call has already changed the password to the new one
}

// Confirm calls do if the password is the current one of the session's user. If it is not, but newPassword, which may be empty, is,
// then the call is a repeat, and Confirm calls do with Repeated set. The fault is Invalid for currentPassword if neither is,
// Unavailable if too many people sign in, and those of store.Store.NewConfirmation.
func (c *Checker) Confirm(ctx context.Context, owner task.Owner, password, newPassword string, do func(Confirmed) error) error {
	user, expires, attempt, err := c.users.NewConfirmation(ctx, owner)
	if err != nil {
		return err
	}
	return c.attempt(ctx, attempt, "", func() error {
		confirmed := Confirmed{User: user, Expires: expires}
		matches, err := auth.Matches(user.PasswordHash, password)
		// Once attempts are delayed, a second check in one attempt would double the guesses.
		if err == nil && !matches && newPassword != "" && attempt.Early() {
			matches, err = auth.Matches(user.PasswordHash, newPassword)
			confirmed.Repeated = matches
		}
		switch {
		case err != nil:
			return err
		case !matches:
			return fault.InvalidField("currentPassword", "is wrong")
		}
		return do(confirmed)
	})
}

// attempt waits for a slot, counts the attempt as failed, calls check, and forgives the attempt if check returns no error.
func (c *Checker) attempt(ctx context.Context, a *store.Attempt, address string, check func() error) error {
	release, err := c.passwords.Acquire(ctx, address, a.Known)
	if err != nil {
		return err
	}
	defer release()
	if err := c.users.BeginAttempt(ctx, a); err != nil {
		return err
	}
	if err := check(); err != nil {
		return err
	}
	c.users.Forgive(ctx, a)
	return nil
}
