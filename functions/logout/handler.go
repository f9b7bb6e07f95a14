// Package function signs a person out: it ends the session, whose token is no longer valid -> {}.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

type deps struct {
	sessions *store.Store
}

var function = web.Function[deps]{
	Open:  func(c *config.Reader) *deps { return &deps{store.Open(c)} },
	Verbs: web.Verbs[deps]{http.MethodPost: web.Verb((*deps).logout)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) logout(ctx context.Context, owner task.Owner, _ web.Request[web.NoBody]) (any, error) {
	return web.Empty{}, d.sessions.EndSession(ctx, owner)
}
