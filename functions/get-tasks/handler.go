// Package function shows tasks: ?limit= -> an array of Tasks, newest first; ?id= -> one Task.
package function

import (
	"net/http"
	"strconv"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

type deps struct {
	tokens *auth.Verifier
	tasks  *store.Store
}

// POST is there for faas-cli, which sends it unless told otherwise.
var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodGet: (*deps).get, http.MethodPost: (*deps).get},
}

// Handle answers a call of this function.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func open() (*deps, error) {
	c, err := config.Load(config.ForDatabase, config.ForTokens)
	if err != nil {
		return nil, err
	}
	tasks, err := store.New(store.Config(c.Database))
	if err != nil {
		return nil, err
	}
	return &deps{auth.NewVerifier(c.Tokens.PublicKeys), tasks}, nil
}

func (d *deps) get(r *web.Request) (handler.Response, error) {
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	if r.Query.Has("id") {
		id, err := r.TaskID()
		if err != nil {
			return handler.Response{}, err
		}
		one, err := d.tasks.Task(r.Context(), owner, id)
		if err != nil {
			return handler.Response{}, err
		}
		return web.JSON(web.Task(one))
	}
	limit, err := limit(r.Query.Get("limit"))
	if err != nil {
		return handler.Response{}, err
	}
	all, err := d.tasks.Tasks(r.Context(), owner, limit)
	if err != nil {
		return handler.Response{}, err
	}
	return web.JSON(web.Tasks(all))
}

func limit(text string) (int, error) {
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return 0, fault.InvalidFields(map[string]string{"limit": "must be a whole number from 1 to " + strconv.Itoa(maxLimit)})
	}
	return n, nil
}
