// Package function finds tasks: ?status= &label= &q= &due= &today= &sort= &limit= &cursor= -> an array of Tasks, with a
// Link to the next ones; ?id= -> one Task.
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
	tasks    *store.Store
	searches *searches
}

// faas-cli invoke sends POST by default.
var function = web.Function[deps]{
	Open:  func(c *config.Reader) *deps { return &deps{store.Open(c), newSearches(2 * time.Second)} },
	Verbs: web.Verbs[deps]{http.MethodGet: web.Verb((*deps).get), http.MethodPost: web.Verb((*deps).get)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) get(ctx context.Context, owner task.Owner, r web.Request[web.NoBody]) (any, error) {
	filter, err := task.ParseFilter(r.Query, time.Now())
	if err != nil {
		return nil, err
	}
	if r.Query.Has("id") {
		id, err := r.TaskID()
		if err != nil {
			return nil, err
		}
		return d.tasks.Task(ctx, owner, id)
	}
	if filter.Text != "" {
		end, err := d.searches.begin(ctx, owner.UserID)
		if err != nil {
			return nil, err
		}
		defer end()
	}
	tasks, more, err := d.tasks.Tasks(ctx, owner, filter)
	if err != nil {
		return nil, err
	}
	page := web.Page{Items: tasks}
	if more {
		page.Next = r.Query
		page.Next.Set("cursor", filter.Cursor(tasks[len(tasks)-1]))
	}
	return page, nil
}
