// Package function registers a person: {username, password} -> {username}.
package function

import (
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	open      bool // may anyone register?
	passwords *auth.Passwords
	users     *store.Store
}

type event struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

type reply struct {
	Username string `json:"username"`
}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodPost: (*deps).register},
}

// Handle answers a call of this function.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func open() (*deps, error) {
	c, err := config.Load(config.ForDatabase, config.ForRegistry)
	if err != nil {
		return nil, err
	}
	users, err := store.New(store.Config(c.Database))
	if err != nil {
		return nil, err
	}
	return &deps{c.Registry.Open, auth.NewPasswords(), users}, nil
}

func (d *deps) register(r *web.Request) (handler.Response, error) {
	if !d.open {
		return handler.Response{}, fault.New(fault.Forbidden, "registration_off", "Registration is switched off here.")
	}
	var e event
	if err := r.JSON(&e); err != nil {
		return handler.Response{}, err
	}
	account, err := auth.NewAccount(e.Username, e.Password)
	if err != nil {
		return handler.Response{}, err
	}
	done, err := d.passwords.Turn(r.Context())
	if err != nil {
		return handler.Response{}, err
	}
	defer done()
	hash := auth.Hash(account.Password)
	id, err := uuid.NewV7()
	if err != nil {
		return handler.Response{}, err
	}
	if err := d.users.AddUser(r.Context(), store.User{ID: id, Username: account.Username, PasswordHash: hash}); err != nil {
		return handler.Response{}, err
	}
	return web.JSON(reply{account.Username})
}
