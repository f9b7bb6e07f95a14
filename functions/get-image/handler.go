// Package function returns the photo of a task: ?id= &size=full|thumb -> JPEG.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

type deps struct {
	tasks    *store.Store
	pictures *objects.Store
}

var function = web.Function[deps]{
	Open:  func(c *config.Reader) *deps { return &deps{store.Open(c), objects.Open(c)} },
	Verbs: web.Verbs[deps]{http.MethodGet: web.Verb((*deps).get)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) get(ctx context.Context, owner task.Owner, r web.Request[web.NoBody]) (any, error) {
	photo, err := d.find(ctx, owner, r)
	if fault.Is(err, fault.NotFound) { // the photo was replaced after the task was read
		return d.find(ctx, owner, r)
	}
	return photo, err
}

func (d *deps) find(ctx context.Context, owner task.Owner, r web.Request[web.NoBody]) (any, error) {
	id, err := r.TaskID()
	if err != nil {
		return nil, err
	}
	size, err := objects.ParseSize(r.Query.Get("size"))
	if err != nil {
		return nil, err
	}
	key, err := d.tasks.ImageKey(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	photo := web.Bytes{Type: "image/jpeg", ETag: objects.ETag(key, size)}
	if r.Has(photo.ETag) {
		return web.NotModified(photo), nil
	}
	photo.Body, err = d.pictures.Get(ctx, key, size)
	return photo, err
}
