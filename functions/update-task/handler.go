// Package function changes a task: ?id= {title?, body?, dueDate?, completed?, version} -> the Task.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	tasks *store.Store
}

var function = web.Function[deps]{
	Open:  func(c *config.Reader) *deps { return &deps{store.Open(c)} },
	Verbs: web.Verbs[deps]{http.MethodPatch: web.Verb((*deps).update)},
}

// Handle answers one call.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func (d *deps) update(ctx context.Context, owner task.Owner, r web.Request[task.Change]) (any, error) {
	id, err := r.TaskID()
	if err != nil {
		return nil, err
	}
	change, err := r.Body.Validate()
	if err != nil {
		return nil, err
	}
	return d.tasks.UpdateTask(ctx, owner, id, change)
}
