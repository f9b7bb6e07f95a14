// Package function signs a person in: {username, password, device?} -> {token, username, expiresAt, device}.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/credentials"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

type deps struct {
	clients *auth.Clients
	signer  *auth.Signer
	users   *store.Store
	checker *credentials.Checker
}

type login struct {
	auth.Credentials
	Device string `json:"device"` // of an earlier reply; optional
}

var function = web.Function[deps]{
	Open: func(c *config.Reader) *deps {
		users := store.Open(c)
		return &deps{auth.OpenClients(c), auth.OpenSigner(c), users, credentials.New(users)}
	},
	Verbs:  web.Verbs[deps]{http.MethodPost: web.Verb((*deps).login)},
	Public: true,
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) login(ctx context.Context, _ task.Owner, r web.Request[login]) (any, error) {
	device := d.signer.Device(r.Body.Device)
	attempt := credentials.Login{Credentials: r.Body.Credentials, Address: d.clients.Address(r.Header), Device: device}
	var session auth.Session
	err := d.checker.Login(ctx, attempt, func(user store.User) (err error) {
		if session, err = d.signer.NewSession(user.ID, user.Username, device); err != nil {
			return err
		}
		return d.users.AddSession(ctx, session.Owner, user.PasswordHash, session.ExpiresAt.Time())
	})
	return session, err
}
