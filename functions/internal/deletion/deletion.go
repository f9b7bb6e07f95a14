// Package deletion carries out what the database has noted: pictures that no task names any more leave the object
// store, and then the note goes.
package deletion

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"

	"github.com/google/uuid"
)

// patience bounds how long a caller waits for an object store that is away; the notes stay for a later try.
const patience = 3 * time.Second

// strikes is how often in a row the object store may fail before it counts as away.
const strikes = 3

// batch is how many notes are read at once.
const batch = 100

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

// Noted carries out all deletions that are noted, and counts the pictures that are gone now and those that it could not
// delete, which stay noted. Its error is the first of what went wrong. It passes over a picture that can't be deleted, but
// gives up when the object store is away or the database is.
func Noted(ctx context.Context, db *store.Store, pictures *objects.Store) (gone, kept int, err error) {
	failures := 0 // in a row
	for behind := (store.Picture{}); ; {
		noted, failure := db.NotedDeletions(ctx, behind, batch)
		if failure != nil {
			return gone, kept, errors.Join(err, failure)
		}
		for _, p := range noted {
			behind = p
			if failure := pictures.Delete(ctx, p.ImageKey); failure != nil {
				kept++
				if err == nil {
					err = failure
				}
				if failures++; failures == strikes {
					return gone, kept, err
				}
				continue
			}
			failures = 0
			if failure := db.ForgetDeletions(ctx, p.UserID, p.TaskID, []string{p.ImageKey}); failure != nil {
				return gone, kept, errors.Join(err, failure)
			}
			gone++
		}
		if len(noted) < batch {
			return gone, kept, err
		}
	}
}
