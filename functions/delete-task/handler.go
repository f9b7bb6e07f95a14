// Package function deletes a task and its photo: ?id= -> {deleted: id}.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"

	"github.com/google/uuid"
)

type deps struct {
	tasks    *store.Store
	pictures *objects.Store
}

type reply struct {
	Deleted uuid.UUID `json:"deleted"`
}

var function = web.Function[deps]{
	Open:  func(c *config.Reader) *deps { return &deps{store.Open(c), objects.Open(c)} },
	Verbs: web.Verbs[deps]{http.MethodDelete: web.Verb((*deps).delete)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) delete(ctx context.Context, owner task.Owner, r web.Request[web.NoBody]) (any, error) {
	id, err := r.TaskID()
	if err != nil {
		return nil, err
	}
	imageKeys, err := d.tasks.DeleteTask(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	deletion.CarryOut(ctx, d.tasks, d.pictures, owner.UserID, id, imageKeys)
	return reply{id}, nil
}
