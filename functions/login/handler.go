// Package function signs a person in: {username, password} -> {token, username, expiresAt}.
package function

import (
	"net/http"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	lifetime  time.Duration // of a session
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
	c, err := config.Load(config.ForDatabase, config.ForSigning)
	if err != nil {
		return nil, err
	}
	users, err := store.New(store.Config(c.Database))
	if err != nil {
		return nil, err
	}
	return &deps{c.Signing.Lifetime, auth.NewPasswords(), auth.NewSigner(c.Signing.PrivateKey), users}, nil
}

func (d *deps) login(r *web.Request) (handler.Response, error) {
	var e event
	if err := r.JSON(&e); err != nil {
		return handler.Response{}, err
	}
	user, err := d.users.UserByName(r.Context(), auth.TrimUsername(e.Username))
	if err != nil {
		return handler.Response{}, err
	}
	matches, err := d.passwords.Matches(r.Context(), user.PasswordHash, e.Password)
	if err != nil {
		return handler.Response{}, err
	}
	if !matches {
		return handler.Response{}, fault.New(fault.Unauthorized, "wrong_credentials", "The username or the password is wrong.")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return handler.Response{}, err
	}
	owner := task.Owner{UserID: user.ID, SessionID: id}
	issuedAt := time.Now().UTC().Truncate(time.Second) // what a token can say
	expiresAt := issuedAt.Add(d.lifetime)
	if err := d.users.AddSession(r.Context(), owner, expiresAt); err != nil {
		return handler.Response{}, err
	}
	token, err := d.signer.Token(owner, issuedAt, expiresAt)
	if err != nil {
		return handler.Response{}, err
	}
	return web.JSON(reply{token, user.Username, web.Time(expiresAt)})
}
