// Package function signs a person out: the session is dead at once, everywhere -> {}.
package function

import (
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	tokens   *auth.Verifier
	sessions *store.Store
}

type reply struct{}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodPost: (*deps).logout},
}

// Handle answers a call of this function.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func open() (*deps, error) {
	c, err := config.Load(config.ForDatabase, config.ForTokens)
	if err != nil {
		return nil, err
	}
	sessions, err := store.New(store.Config(c.Database))
	if err != nil {
		return nil, err
	}
	return &deps{auth.NewVerifier(c.Tokens.PublicKeys), sessions}, nil
}

func (d *deps) logout(r *web.Request) (handler.Response, error) {
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	if err := d.sessions.EndSession(r.Context(), owner); err != nil {
		return handler.Response{}, err
	}
	return web.JSON(reply{})
}
