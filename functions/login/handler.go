// Package function signs a person in: {username, password} -> {token, username, expiresAt}.
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
	clients   *auth.Clients
	passwords *auth.Passwords
	signer    *auth.Signer
	users     *store.Store
}

var function = web.Function[deps]{
	Open: func(c *config.Reader) *deps {
		return &deps{auth.OpenClients(c), auth.NewPasswords(), auth.OpenSigner(c), store.Open(c)}
	},
	Verbs:  web.Verbs[deps]{http.MethodPost: web.Verb((*deps).login)},
	Public: true,
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) login(ctx context.Context, _ task.Owner, r web.Request[auth.Credentials]) (any, error) {
	release, err := d.passwords.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	user, attempt, err := d.users.BeginLogin(ctx, auth.TrimUsername(r.Body.Username), d.clients.Address(r.Header))
	if err != nil {
		return nil, err
	}
	matches, err := auth.Matches(user.PasswordHash, r.Body.Password)
	if err != nil {
		return nil, err
	}
	if !matches {
		return nil, fault.New(fault.Unauthorized, "wrong_credentials", "The username or the password is wrong.")
	}
	session, err := d.signer.NewSession(user.ID, user.Username)
	if err != nil {
		return nil, err
	}
	return session, d.users.AddSession(ctx, session.Owner, user.PasswordHash, session.ExpiresAt.Time(), attempt)
}
