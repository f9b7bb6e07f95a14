// Package function changes a password and ends every other session: {currentPassword, newPassword} ->
// {token, username, expiresAt} of this session.
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
	users   *store.Store
	checker *credentials.Checker
}

type passwords struct {
	Current string `json:"currentPassword"`
	New     string `json:"newPassword"`
}

type reply struct {
	Token     string    `json:"token"`
	Username  string    `json:"username"`
	ExpiresAt task.Time `json:"expiresAt"`
}

var function = web.Function[deps]{
	Open: func(c *config.Reader) *deps {
		users := store.Open(c)
		return &deps{users, credentials.New(users)}
	},
	Verbs: web.Verbs[deps]{http.MethodPost: web.Verb((*deps).change)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) change(ctx context.Context, owner task.Owner, r web.Request[passwords]) (any, error) {
	password, err := auth.NewPassword("newPassword", r.Body.New)
	if err != nil {
		return nil, err
	}
	session := reply{Token: r.Token()}
	err = d.checker.Confirm(ctx, owner, r.Body.Current, password, func(c credentials.Confirmed) error {
		session.Username, session.ExpiresAt = c.Username, task.NewTime(c.Expires)
		if c.Repeated {
			return nil
		}
		return d.users.ChangePassword(ctx, owner, c.PasswordHash, auth.Hash(password))
	})
	return session, err
}
