// Package deletion deletes from the object store the pictures that no task has: those that the database has noted for deletion,
// and uploads that never got to a task. Noted ones that can't be deleted stay noted, and the sweep retries them.
package deletion

import (
	"context"
	"log/slog"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"

	"github.com/google/uuid"
)

// timeout limits how long a caller waits for an unavailable object store.
const timeout = 3 * time.Second

// Delete deletes a picture unless its task has it, and then removes its note. It reports whether it deleted the picture.
//
// It looks at the task immediately before it deletes. Between the two, no call of a function can set the picture on the task:
// each upload has a key of its own, which only the call that made it sets, once, and that call has ended. Only a restore sets
// keys of earlier pictures.
func Delete(ctx context.Context, db *store.Store, pictures *objects.Store, p store.Picture) (deleted bool, err error) {
	named, err := db.IsNamed(ctx, p)
	if err != nil {
		return false, err
	}
	if named {
		slog.Warn("a picture that a task has is not deleted", "key", p.ImageKey)
	} else if err := pictures.Delete(ctx, p.ImageKey); err != nil {
		return false, err
	}
	return !named, db.ForgetDeletion(ctx, p)
}

// CarryOut deletes the pictures with these keys, all noted for one task, and removes the notes. It logs failures and returns
// no error, since the caller's own work is done.
func CarryOut(ctx context.Context, db *store.Store, pictures *objects.Store, userID, taskID uuid.UUID, keys []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	for _, key := range keys {
		if _, err := Delete(ctx, db, pictures, store.Picture{UserID: userID, TaskID: taskID, ImageKey: key}); err != nil {
			slog.Warn("a picture stays noted for deletion", "key", key, "cause", err.Error())
			return
		}
	}
}

// Unattached deletes a picture that was uploaded but is not set on its task because of refusal, and returns refusal. If it may
// still be set, because the database did not answer, the picture stays: the sweep deletes it later if no task has it.
func Unattached(ctx context.Context, db *store.Store, pictures *objects.Store, p store.Picture, refusal error) error {
	for _, kind := range []fault.Kind{fault.Unauthorized, fault.Forbidden, fault.NotFound, fault.Conflict} {
		if fault.Is(refusal, kind) {
			CarryOut(ctx, db, pictures, p.UserID, p.TaskID, []string{p.ImageKey})
		}
	}
	return refusal
}
