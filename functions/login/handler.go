// Package function signs a person in: {username, password} -> {token, username, expiresAt}.
package function

import (
	"net/http"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	lifetime  time.Duration // of a session
	clientKey []byte        // proves clients' addresses
	passwords *auth.Passwords
	signer    *auth.Signer
	users     *store.Store
}

type event struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

type reply struct {
	Token     string `json:"token"`
	Username  string `json:"username"`
	ExpiresAt string `json:"expiresAt"`
}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodPost: (*deps).login},
}

// Handle answers a call of this function.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func open() (*deps, error) {
	c, err := config.Load(config.ForDatabase, config.ForSigning, config.ForClients)
	if err != nil {
		return nil, err
	}
	users, err := store.New(store.Config(c.Database))
	if err != nil {
		return nil, err
	}
	return &deps{c.Signing.Lifetime, c.Clients.AddressKey, auth.NewPasswords(), auth.NewSigner(c.Signing.PrivateKey), users}, nil
}

func (d *deps) login(r *web.Request) (handler.Response, error) {
	var e event
	if err := r.JSON(&e); err != nil {
		return handler.Response{}, err
	}
	done, err := d.passwords.Turn(r.Context())
	if err != nil {
		return handler.Response{}, err
	}
	defer done()
	address := auth.ClientAddress(d.clientKey, r.Header)
	user, attempt, err := d.users.BeginLogin(r.Context(), auth.TrimUsername(e.Username), address)
	if err != nil {
		return handler.Response{}, err
	}
	matches, err := auth.Matches(user.PasswordHash, e.Password)
	if err != nil {
		return handler.Response{}, err
	}
	if !matches {
		return handler.Response{}, fault.New(fault.Unauthorized, "wrong_credentials", "The username or the password is wrong.")
	}
	opened, err := d.signer.NewSession(user.ID, d.lifetime)
	if err != nil {
		return handler.Response{}, err
	}
	if err := d.users.AddSession(r.Context(), opened.Owner, user.PasswordHash, opened.ExpiresAt, attempt); err != nil {
		return handler.Response{}, err
	}
	return web.JSON(reply{opened.Token, user.Username, web.Time(opened.ExpiresAt)})
}
