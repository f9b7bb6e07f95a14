// Package function labels the picture of a task: PUT ?id= and the picture's bytes -> the Task; POST ?id= -> the Task, its
// stored picture recognised again.
package function

import (
	"net/http"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/picture"
	"snaptask/functions/internal/recognition"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
)

type deps struct {
	tokens   *auth.Verifier
	tasks    *store.Store
	pictures *objects.Store
	model    *classifier.Client
}

var function = web.Function[deps]{
	Open:  open,
	Verbs: map[string]web.Verb[deps]{http.MethodPut: (*deps).attach, http.MethodPost: (*deps).again},
}

// Handle answers a call of this function.
func Handle(r handler.Request) (handler.Response, error) { return function.Handle(r) }

func open() (*deps, error) {
	c, err := config.Load(config.ForDatabase, config.ForTokens, config.ForObjects, config.ForClassifier)
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
	model, err := classifier.New(classifier.Config(c.Classifier))
	if err != nil {
		return nil, err
	}
	return &deps{auth.NewVerifier(c.Tokens.PublicKeys), tasks, pictures, model}, nil
}

// attach keeps the picture before the task names it, and both before the one it replaces goes. When only the
// classifier is away the picture is kept all the same, and the answer says so.
func (d *deps) attach(r *web.Request) (handler.Response, error) {
	ctx := r.Context()
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	id, err := r.TaskID()
	if err != nil {
		return handler.Response{}, err
	}
	if _, err := d.tasks.Task(ctx, owner, id); err != nil {
		return handler.Response{}, err
	}
	decoded, err := picture.Decode(ctx, r.Body)
	if err != nil {
		return handler.Response{}, err
	}
	key := objects.NewKey(owner.UserID, id)
	seen, err := d.keepAndLook(ctx, key, decoded)
	if err != nil {
		return handler.Response{}, err
	}
	labelled, replaced, err := d.tasks.SetPicture(ctx, owner, id, key, seen.Status, seen.Predictions)
	if err != nil {
		return handler.Response{}, err
	}
	deletion.CarryOut(ctx, d.tasks, d.pictures, owner.UserID, id, replaced)
	if seen.Trouble != nil {
		return handler.Response{}, seen.Trouble
	}
	return web.JSON(web.Task(labelled))
}

// again shows the stored picture to the classifier once more.
func (d *deps) again(r *web.Request) (handler.Response, error) {
	ctx := r.Context()
	owner, err := d.tokens.Owner(r.Bearer)
	if err != nil {
		return handler.Response{}, err
	}
	id, err := r.TaskID()
	if err != nil {
		return handler.Response{}, err
	}
	if len(r.Body) > 0 {
		return handler.Response{}, fault.New(fault.Invalid, "body_not_wanted", "POST recognises the stored picture again; send a new one with PUT.")
	}
	named, err := d.tasks.Task(ctx, owner, id)
	if err != nil {
		return handler.Response{}, err
	}
	if named.ImageKey == "" {
		return handler.Response{}, fault.New(fault.NotFound, "no_picture", "This task has no picture.")
	}
	seen, err := recognition.LookAgain(ctx, d.model, d.pictures, named.ImageKey)
	if err != nil {
		return handler.Response{}, err
	}
	if seen.Trouble != nil {
		return handler.Response{}, seen.Trouble // what was recognised before stays
	}
	labelled, err := d.tasks.SetPredictions(ctx, owner, id, named.ImageKey, seen.Status, seen.Predictions)
	if err != nil {
		return handler.Response{}, err
	}
	return web.JSON(web.Task(labelled))
}
