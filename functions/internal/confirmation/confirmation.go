// Package confirmation checks the password of a person who is signed in, before a change that a stolen session must not be
// able to make.
package confirmation

import (
	"context"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
)

// Checker checks current passwords. Wrong ones are throttled like failed logins.
type Checker struct {
	*auth.Passwords // a slot is held from before Check until its attempt is forgiven
	clients         *auth.Clients
	users           *store.Store
}

// New returns a Checker of the passwords of users.
func New(clients *auth.Clients, users *store.Store) *Checker {
	return &Checker{auth.NewPasswords(), clients, users}
}

// Open returns a Checker with the settings of auth.OpenClients.
func Open(c *config.Reader, users *store.Store) *Checker { return New(auth.OpenClients(c), users) }

// Check returns the owner's user, and the attempt that this check counts as, if the password is the current one. The fault
// is Invalid for currentPassword if it is not, and those of store.Store.BeginConfirmation.
func (c *Checker) Check(ctx context.Context, owner task.Owner, password string, header func(string) string) (store.User, store.Attempt, error) {
	user, attempt, err := c.users.BeginConfirmation(ctx, owner, c.clients.Address(header))
	if err != nil {
		return user, attempt, err
	}
	matches, err := auth.Matches(user.PasswordHash, password)
	if err == nil && !matches {
		err = fault.InvalidField("currentPassword", "is wrong")
	}
	return user, attempt, err
}
