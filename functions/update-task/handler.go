// Package function changes a task: ?id= {title?, body?, dueDate?, completed?, version} -> the Task.
package function

import (
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	tokens *auth.Verifier
	tasks  *store.Store
}

type event struct {
	Title     *string `json:"title"`
	Body      *string `json:"body"`
	DueDate   *string `json:"dueDate"`
	Completed *bool   `json:"completed"`
	Version   *uint32 `json:"version"`
}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodPatch: (*deps).update},
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

func (d *deps) update(r *web.Request) (handler.Response, error) {
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	id, err := r.TaskID()
	if err != nil {
		return handler.Response{}, err
	}
	var e event
	if err := r.JSON(&e); err != nil {
		return handler.Response{}, err
	}
	change, err := task.Change(e).Checked()
	if err != nil {
		return handler.Response{}, err
	}
	updated, err := d.tasks.UpdateTask(r.Context(), owner, id, change)
	if err != nil {
		return handler.Response{}, err
	}
	return web.JSON(web.Task(updated))
}
