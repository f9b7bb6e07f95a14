// Package function finds tasks: ?status= &label= &q= &due= &today= &sort= &limit= &cursor= -> an array of Tasks, with a
// Link to the next ones; ?id= -> one Task.
package function

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
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
	if err := onlyKnown(r.Query); err != nil {
		return handler.Response{}, err
	}
	filter, err := task.NewFilter(r.Query.Get, time.Now())
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
	all, more, err := d.tasks.Tasks(r.Context(), owner, filter)
	if err != nil {
		return handler.Response{}, err
	}
	response, err := web.JSON(web.Tasks(all))
	if more {
		response.Header.Set("Link", next(r.Query, filter.Cursor(all[len(all)-1])))
	}
	return response, err
}

// onlyKnown refuses names that no filter has, for a misspelt one would show more than was asked for, and those that are
// there twice.
func onlyKnown(query url.Values) error {
	fields := map[string]string{}
	for name, values := range query {
		switch {
		case name != "id" && !slices.Contains(task.FilterFields, name):
			fields[name] = "is not a parameter of this function"
		case len(values) > 1:
			fields[name] = "is there more than once"
		}
	}
	if len(fields) > 0 {
		return fault.InvalidFields(fields)
	}
	return nil
}

// next is the Link (RFC 8288) to where a list goes on, relative to this function, which does not know its own path.
func next(query url.Values, cursor string) string {
	further := maps.Clone(query)
	further.Set("cursor", cursor)
	return "<?" + further.Encode() + `>; rel="next"`
}
