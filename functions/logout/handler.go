// Package function signs a person out by ending the session everywhere -> {}.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	sessions *store.Store
}

var function = web.Function[deps]{
	Open:  func(c *config.Reader) *deps { return &deps{store.Open(c)} },
	Verbs: web.Verbs[deps]{http.MethodPost: web.Verb((*deps).logout)},
}

// Handle answers one call.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func (d *deps) logout(ctx context.Context, owner task.Owner, _ web.Request[web.NoBody]) (any, error) {
	return web.Empty{}, d.sessions.EndSession(ctx, owner)
}
