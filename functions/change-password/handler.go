// Package function changes a password and ends every other session: {currentPassword, newPassword} ->
// {token, username, expiresAt}.
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
	lifetime  time.Duration // of the new session
	clientKey []byte        // proves clients' addresses
	tokens    *auth.Verifier
	signer    *auth.Signer
	passwords *auth.Passwords
	users     *store.Store
}

type event struct {
	CurrentPassword string `json:"currentPassword"`
	NewPassword     string `json:"newPassword"`
}

type reply struct {
	Token     string `json:"token"`
	Username  string `json:"username"`
	ExpiresAt string `json:"expiresAt"`
}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodPost: (*deps).change},
}

// Handle answers a call of this function.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func open() (*deps, error) {
	c, err := config.Load(config.ForDatabase, config.ForTokens, config.ForSigning, config.ForClients)
	if err != nil {
		return nil, err
	}
	users, err := store.New(store.Config(c.Database))
	if err != nil {
		return nil, err
	}
	return &deps{c.Signing.Lifetime, c.Clients.AddressKey, auth.NewVerifier(c.Tokens.PublicKeys), auth.NewSigner(c.Signing.PrivateKey), auth.NewPasswords(), users}, nil
}

func (d *deps) change(r *web.Request) (handler.Response, error) {
	ctx := r.Context()
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	var e event
	if err := r.JSON(&e); err != nil {
		return handler.Response{}, err
	}
	if problem := auth.PasswordProblem(e.NewPassword); problem != "" {
		return handler.Response{}, fault.InvalidFields(map[string]string{"newPassword": problem})
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
	hash := auth.Hash(e.NewPassword)
	opened, err := d.signer.NewSession(owner.UserID, d.lifetime)
	if err != nil {
		return handler.Response{}, err
	}
	if err := d.users.ChangePassword(ctx, owner, user.PasswordHash, hash, opened.Owner, opened.ExpiresAt, attempt); err != nil {
		return handler.Response{}, err
	}
	return web.JSON(reply{opened.Token, user.Username, web.Time(opened.ExpiresAt)})
}
