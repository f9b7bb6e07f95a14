// Package function registers a person: {username, password} -> {username}.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

type deps struct {
	enabled    bool // whether people may register
	perAddress int  // registrations an hour
	clients    *auth.Clients
	passwords  *auth.Passwords
	users      *store.Store
}

var function = web.Function[deps]{
	Open: func(c *config.Reader) *deps {
		return &deps{
			c.OneOf("REGISTRATION", "on", "off") == "on", c.Int("REGISTRATIONS_PER_ADDRESS", 500, 1),
			auth.OpenClients(c), auth.NewPasswords(), store.Open(c),
		}
	},
	Verbs:  web.Verbs[deps]{http.MethodPost: web.Verb((*deps).register)},
	Public: true,
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) register(ctx context.Context, _ task.Owner, r web.Request[auth.Credentials]) (any, error) {
	if !d.enabled {
		return nil, fault.New(fault.Forbidden, "registration_off", "Registration is switched off.")
	}
	account, err := r.Body.Validate()
	if err != nil {
		return nil, err
	}
	address := d.clients.Address(r.Header)
	if err := d.users.CountRegistration(ctx, address, d.perAddress); err != nil {
		return nil, err
	}
	release, err := d.passwords.Acquire(ctx, address, false)
	if err != nil {
		return nil, err
	}
	defer release()
	return map[string]string{"username": account.Username}, d.users.AddUser(ctx, account.Username, auth.Hash(account.Password))
}
