// Package function takes the picture off a task: ?id= -> the Task without picture and labels.
package function

import (
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	tokens   *auth.Verifier
	tasks    *store.Store
	pictures *objects.Store
}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodDelete: (*deps).remove},
}

// Handle answers a call of this function.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func open() (*deps, error) {
	c, err := config.Load(config.ForDatabase, config.ForTokens, config.ForObjects)
	if err != nil {
		return nil, err
	}
	tasks, err := store.New(store.Config(c.Database))
	if err != nil {
		return nil, err
	}
	pictures, err := objects.New(objects.Config(c.Objects))
	if err != nil {
		return nil, err
	}
	return &deps{auth.NewVerifier(c.Tokens.PublicKeys), tasks, pictures}, nil
}

func (d *deps) remove(r *web.Request) (handler.Response, error) {
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	id, err := r.TaskID()
	if err != nil {
		return handler.Response{}, err
	}
	bare, removed, err := d.tasks.RemovePicture(r.Context(), owner, id)
	if err != nil {
		return handler.Response{}, err
	}
	deletion.CarryOut(r.Context(), d.tasks, d.pictures, owner.UserID, id, removed)
	return web.JSON(web.Task(bare))
}
