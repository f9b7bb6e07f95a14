// Package function creates a task: {title, body?, dueDate, id?} -> the Task.
package function

import (
	"context"
	"net/http"
	"time"

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
	Verbs: web.Verbs[deps]{http.MethodPost: web.Verb((*deps).create)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) create(ctx context.Context, owner task.Owner, r web.Request[task.Draft]) (any, error) {
	t, err := task.New(r.Body, time.Now())
	if err != nil {
		return nil, err
	}
	return d.tasks.AddTask(ctx, owner, t)
}
