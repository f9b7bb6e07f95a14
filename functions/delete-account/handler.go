// Package function deletes a person's account: {currentPassword} -> {}. The sweep deletes the tasks and photos.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/confirmation"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

type deps struct {
	users   *store.Store
	confirm *confirmation.Checker
}

type password struct {
	Current string `json:"currentPassword"`
}

var function = web.Function[deps]{
	Open: func(c *config.Reader) *deps {
		users := store.Open(c)
		return &deps{users, confirmation.Open(c, users)}
	},
	Verbs: web.Verbs[deps]{http.MethodPost: web.Verb((*deps).delete)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) delete(ctx context.Context, owner task.Owner, r web.Request[password]) (any, error) {
	release, err := d.confirm.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	user, attempt, err := d.confirm.Check(ctx, owner, r.Body.Current, r.Header)
	if err != nil {
		return nil, err
	}
	return web.Empty{}, d.users.DeleteUser(ctx, owner, user.PasswordHash, attempt)
}
