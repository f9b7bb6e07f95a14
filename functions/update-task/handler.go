// Package function changes a task: ?id= {title?, body?, dueDate?, completed?, version} -> the Task.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

type deps struct {
	tasks *store.Store
}

var function = web.Function[deps]{
	Open:  func(c *config.Reader) *deps { return &deps{store.Open(c)} },
	Verbs: web.Verbs[deps]{http.MethodPatch: web.Verb((*deps).update)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

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
