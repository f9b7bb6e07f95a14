// Package function labels the photos that an object store has received: POST an S3 event notification -> {}. The object store calls
// it with a secret.
package function

import (
	"context"
	"errors"
	"net/http"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/upload"
	"snaptask/functions/internal/web"
)

var function = web.Function[upload.Deps]{
	Open: func(c *config.Reader) *upload.Deps {
		return &upload.Deps{Tasks: store.Open(c), Pictures: objects.Open(c), Model: classifier.Open(c)}
	},
	Verbs:  web.Verbs[upload.Deps]{http.MethodPost: web.Verb(label)},
	Secret: "upload-event-token",
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

// label labels the uploads in an event. It is safe to repeat, and the sweep labels an upload whose event gets lost.
func label(d *upload.Deps, ctx context.Context, _ task.Owner, r web.Request[[]byte]) (any, error) {
	uploads, err := created(r.Body)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, u := range uploads {
		_, err := upload.Finish(ctx, *d, u)
		failed = errors.Join(failed, err)
	}
	return web.Empty{}, failed
}
