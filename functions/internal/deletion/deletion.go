// Package deletion deletes from the object store the pictures that the database has noted for deletion because no task has them
// any longer. Those that can't be deleted stay noted, and the sweep retries them.
package deletion

import (
	"context"
	"log/slog"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"

	"github.com/google/uuid"
)

// timeout limits how long a caller waits for an unavailable object store.
const timeout = 3 * time.Second

// CarryOut deletes the pictures with these keys, all noted for one task, and removes the notes. It logs failures and returns
// no error, since the caller's own work is done.
func CarryOut(ctx context.Context, db *store.Store, pictures *objects.Store, userID, taskID uuid.UUID, keys []string) {
	if len(keys) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
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
