// Package function gives a task's picture back: ?id= &size=full|thumb -> JPEG.
package function

import (
	"net/http"
	"path"
	"strings"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	tokens   *auth.Verifier
	tasks    *store.Store
	pictures *objects.Store
}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodGet: (*deps).get},
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

func (d *deps) get(r *web.Request) (handler.Response, error) {
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	id, err := r.TaskID()
	if err != nil {
		return handler.Response{}, err
	}
	size, err := size(r.Query.Get("size"))
	if err != nil {
		return handler.Response{}, err
	}
	response, err := d.show(r, owner, id, size)
	if fault.Is(err, fault.NotFound) { // it may have been replaced between the look at the task and at the picture
		response, err = d.show(r, owner, id, size)
	}
	return response, err
}

func (d *deps) show(r *web.Request, owner task.Owner, id uuid.UUID, size objects.Size) (handler.Response, error) {
	named, err := d.tasks.Task(r.Context(), owner, id)
	if err != nil {
		return handler.Response{}, err
	}
	if named.ImageKey == "" {
		return handler.Response{}, fault.New(fault.NotFound, "no_picture", "This task has no picture.")
	}
	// A picture never changes under its key, so the key's last part, a UUID, is its version.
	tag := `"` + path.Base(named.ImageKey) + "-" + string(size) + `"`
	response := handler.Response{StatusCode: http.StatusNotModified, Header: http.Header{"Content-Type": {"image/jpeg"}}}
	if !strings.Contains(r.Header("If-None-Match"), tag) {
		data, err := d.pictures.Get(r.Context(), named.ImageKey, size)
		if err != nil {
			return handler.Response{}, err
		}
		response = web.Bytes("image/jpeg", data)
	}
	response.Header.Set("ETag", tag)
	response.Header.Set("Cache-Control", "private, no-cache")
	response.Header.Set("Vary", "Authorization")
	return response, nil
}

func size(text string) (objects.Size, error) {
	switch text {
	case "", string(objects.Full):
		return objects.Full, nil
	case string(objects.Thumb):
		return objects.Thumb, nil
	}
	return "", fault.InvalidFields(map[string]string{"size": "must be full or thumb"})
}
