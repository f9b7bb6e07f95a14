// Package function deletes a person's account: {currentPassword} -> {}. The sweep deletes the tasks and photos.
package function

import (
	"context"
	"net/http"

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

type password struct {
	Current string `json:"currentPassword"`
}

var function = web.Function[deps]{
	Open: func(c *config.Reader) *deps {
		users := store.Open(c)
		return &deps{users, credentials.New(users)}
	},
	Verbs: web.Verbs[deps]{http.MethodPost: web.Verb((*deps).delete)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) delete(ctx context.Context, owner task.Owner, r web.Request[password]) (any, error) {
	return web.Empty{}, d.checker.Confirm(ctx, owner, r.Body.Current, "", func(c credentials.Confirmed) error {
		return d.users.DeleteUser(ctx, owner, c.PasswordHash)
	})
}
