// Package function changes a password and ends every other session: {currentPassword, newPassword} ->
// {token, username, expiresAt}.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/confirmation"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

type deps struct {
	signer  *auth.Signer
	users   *store.Store
	confirm *confirmation.Checker
}

type passwords struct {
	Current string `json:"currentPassword"`
	New     string `json:"newPassword"`
}

var function = web.Function[deps]{
	Open: func(c *config.Reader) *deps {
		users := store.Open(c)
		return &deps{auth.OpenSigner(c), users, confirmation.Open(c, users)}
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
	release, err := d.confirm.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	user, attempt, err := d.confirm.Check(ctx, owner, r.Body.Current, r.Header)
	if err != nil {
		return nil, err
	}
	session, err := d.signer.NewSession(user.ID, user.Username)
	if err != nil {
		return nil, err
	}
	return session, d.users.ChangePassword(ctx, owner, user.PasswordHash, auth.Hash(password), session.Owner, session.ExpiresAt.Time(), attempt)
}
