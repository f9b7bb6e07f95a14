// Package function deletes a person's account with all tasks and pictures: {currentPassword} -> {}.
package function

import (
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	clientKey []byte // proves clients' addresses
	tokens    *auth.Verifier
	passwords *auth.Passwords
	users     *store.Store
	pictures  *objects.Store
}

type event struct {
	CurrentPassword string `json:"currentPassword"`
}

type reply struct{}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodPost: (*deps).delete},
}

// Handle answers a call of this function.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func open() (*deps, error) {
	c, err := config.Load(config.ForDatabase, config.ForTokens, config.ForObjects, config.ForClients)
	if err != nil {
		return nil, err
	}
	users, err := store.New(store.Config(c.Database))
	if err != nil {
		return nil, err
	}
	pictures, err := objects.New(objects.Config(c.Objects))
	if err != nil {
		return nil, err
	}
	return &deps{c.Clients.AddressKey, auth.NewVerifier(c.Tokens.PublicKeys), auth.NewPasswords(), users, pictures}, nil
}

func (d *deps) delete(r *web.Request) (handler.Response, error) {
	ctx := r.Context()
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	var e event
	if err := r.JSON(&e); err != nil {
		return handler.Response{}, err
	}
	done, err := d.passwords.Turn(ctx)
	if err != nil {
		return handler.Response{}, err
	}
	defer done()
	user, attempt, err := d.users.BeginConfirmation(ctx, owner, auth.ClientAddress(d.clientKey, r.Header))
	if err != nil {
		return handler.Response{}, err
	}
	matches, err := auth.Matches(user.PasswordHash, e.CurrentPassword)
	if err != nil {
		return handler.Response{}, err
	}
	if !matches {
		return handler.Response{}, fault.InvalidFields(map[string]string{"currentPassword": "is wrong"})
	}
	if err := d.users.DeleteUser(ctx, owner, user.PasswordHash, attempt); err != nil {
		return handler.Response{}, err
	}
	deletion.OfUser(ctx, d.users, d.pictures, owner.UserID)
	return web.JSON(reply{})
}
