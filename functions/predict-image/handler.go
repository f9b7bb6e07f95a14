// Package function recognises the photo of a task: PUT ?id= and the photo's bytes -> the Task; POST ?id= -> the Task, its
// stored photo recognised again.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/picture"
	"snaptask/functions/internal/recognition"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

type deps struct {
	tasks    *store.Store
	pictures *objects.Store
	model    *classifier.Client
}

var function = web.Function[deps]{
	Open:         func(c *config.Reader) *deps { return &deps{store.Open(c), objects.Open(c), classifier.Open(c)} },
	Verbs:        web.Verbs[deps]{http.MethodPut: web.Verb((*deps).attach), http.MethodPost: web.Verb((*deps).again)},
	CheckSession: func(d *deps, ctx context.Context, owner task.Owner) error { return d.tasks.CheckSession(ctx, owner) },
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

// attach stores the photo, then sets it on the task, then deletes the photo that it replaces.
func (d *deps) attach(ctx context.Context, owner task.Owner, r web.Request[[]byte]) (any, error) {
	id, err := r.TaskID()
	if err != nil {
		return nil, err
	}
	if _, err := d.tasks.Task(ctx, owner, id); err != nil {
		return nil, err
	}
	photo, err := picture.Decode(ctx, r.Body)
	if err != nil {
		return nil, err
	}
	key := objects.NewKey(owner.UserID, id)
	seen, err := recognition.Store(ctx, d.model, d.pictures, key, photo)
	if err != nil {
		return nil, err
	}
	labelled, replaced, err := d.tasks.SetPicture(ctx, owner, id, key, seen.Bytes, seen.Status, seen.Predictions)
	if err != nil {
		return nil, deletion.Unattached(ctx, d.tasks, d.pictures, store.Picture{UserID: owner.UserID, TaskID: id, ImageKey: key}, err)
	}
	deletion.CarryOut(ctx, d.tasks, d.pictures, owner.UserID, id, replaced)
	return labelled, seen.Problem
}
