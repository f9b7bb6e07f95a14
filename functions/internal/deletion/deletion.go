// Package deletion carries out what the database has noted: pictures that no task names any more leave the object
// store, and then the note goes.
package deletion

import (
	"context"
	"log/slog"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"

	"github.com/google/uuid"
)

// patience bounds how long a caller waits for an object store that is away; the notes stay for a later try.
const patience = 3 * time.Second

// CarryOut deletes the pictures under keys, all noted for one task, and crosses them off. It tells no error to the
// caller, whose own work is done: what fails stays noted and is tried again later.
func CarryOut(ctx context.Context, db *store.Store, pictures *objects.Store, userID, taskID uuid.UUID, keys []string) {
	if len(keys) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for _, key := range keys {
		if err := pictures.Delete(ctx, key); err != nil {
			slog.Warn("a picture stays noted for deletion", "key", key, "cause", err.Error())
			return
		}
	}
	if err := db.ForgetDeletions(ctx, userID, taskID, keys); err != nil {
		slog.Warn("deleted pictures stay noted for deletion", "task", taskID, "cause", err.Error())
	}
}

// OfUser is CarryOut for a user who is gone: as many of the pictures as there is time for.
func OfUser(ctx context.Context, db *store.Store, pictures *objects.Store, userID uuid.UUID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	const batch = 100
	for {
		noted, err := db.UserDeletions(ctx, userID, batch)
		if err != nil {
			slog.Warn("pictures of a deleted user stay noted for deletion", "user", userID, "cause", err.Error())
			return
		}
		for _, d := range noted {
			if err := pictures.Delete(ctx, d.ImageKey); err != nil {
				slog.Warn("pictures of a deleted user stay noted for deletion", "user", userID, "cause", err.Error())
				return
			}
			if err := db.ForgetDeletions(ctx, d.UserID, d.TaskID, []string{d.ImageKey}); err != nil {
				slog.Warn("deleted pictures stay noted for deletion", "user", userID, "cause", err.Error())
				return
			}
		}
		if len(noted) < batch {
			return
		}
	}
}
