// Package function announces a photo for a task and returns where to upload it: POST ?id= {bytes, contentType} -> {url, headers,
// expiresAt, task}. DELETE ?id= withdraws the announcement -> the Task.
package function

import (
	"context"
	"net/http"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"

	"github.com/google/uuid"
)

type deps struct {
	tasks   *store.Store
	uploads *objects.Store
}

// reply says how to upload the photo. Its task awaits the upload.
type reply struct {
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"` // besides Content-Length
	ExpiresAt task.Time         `json:"expiresAt"`
	Task      task.Task         `json:"task"`
}

var function = web.Function[deps]{
	Open:  func(c *config.Reader) *deps { return &deps{store.Open(c), objects.Open(c)} },
	Verbs: web.Verbs[deps]{http.MethodPost: web.Verb((*deps).announce), http.MethodDelete: web.Verb((*deps).withdraw)},
}

// Handle answers one call. Admit decides on it before its body arrives.
var Handle, Admit = function.Handle, function.Admit

func (d *deps) announce(ctx context.Context, owner task.Owner, r web.Request[photo]) (any, error) {
	id, err := r.TaskID()
	if err != nil {
		return nil, err
	}
	if err := r.Body.check(); err != nil {
		return nil, err
	}
	uploadID := uuid.Must(uuid.NewV7())
	put, err := d.uploads.PresignUpload(ctx, objects.UploadKey(owner.UserID, id, uploadID), r.Body.Bytes, r.Body.ContentType)
	if err != nil {
		return nil, err
	}
	awaiting, err := d.tasks.BeginUpload(ctx, owner, id, uploadID)
	if err != nil {
		return nil, err
	}
	return reply{put.URL, put.Headers, task.NewTime(put.ExpiresAt), awaiting}, nil
}
