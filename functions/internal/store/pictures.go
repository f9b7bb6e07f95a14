package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// Picture is the key of a picture in the object store, and the task that it was stored for.
type Picture struct {
	UserID, TaskID uuid.UUID
	ImageKey       string
}

// SetPicture sets the picture of one of the owner's tasks to the one that the object store has under key, of this many bytes,
// with the classifier's predictions, and notes the replaced picture for deletion. The task no longer awaits an upload. It returns
// the task and the key of the replaced picture, if there was one. The fault is NotFound if the owner has no such task, Forbidden if
// the picture exceeds a quota.
func (s *Store) SetPicture(ctx context.Context, owner task.Owner, id uuid.UUID, key string, bytes int64, status task.ImageStatus, predictions []task.Prediction) (t task.Task, replaced []string, err error) {
	t, err = s.changeTask(ctx, owner, id, func(ctx context.Context, tx *sql.Tx, t *task.Task) (err error) {
		if replaced, err = detachPicture(ctx, tx, owner.UserID, t, key); err != nil {
			return err
		}
		t.SetUpload(uuid.Nil, "")
		t.ImageBytes = bytes
		return attachPicture(ctx, tx, owner.UserID, t, key, status, predictions)
	})
	return t, replaced, err
}

// RemovePicture removes the picture of one of the owner's tasks and notes it for deletion. The task no longer awaits an upload,
// and has no upload error. It returns the task and the key of the picture, if there was one. The fault is NotFound if the owner
// has no such task, or it has none of the three.
func (s *Store) RemovePicture(ctx context.Context, owner task.Owner, id uuid.UUID) (t task.Task, removed []string, err error) {
	t, err = s.changeTask(ctx, owner, id, func(ctx context.Context, tx *sql.Tx, t *task.Task) (err error) {
		if t.ImageKey == "" && !t.Uploading && t.UploadError == "" {
			return noPicture()
		}
		if removed, err = detachPicture(ctx, tx, owner.UserID, t, ""); err != nil {
			return err
		}
		t.SetUpload(uuid.Nil, "")
		t.ImageBytes = 0
		return attachPicture(ctx, tx, owner.UserID, t, "", task.ImageNone, nil)
	})
	return t, removed, err
}

// SetPredictions replaces the predictions of one of the owner's tasks if its picture has this key, and returns the task. The
// fault is Conflict if the task has another picture or none, NotFound if the owner has no such task.
func (s *Store) SetPredictions(ctx context.Context, owner task.Owner, id uuid.UUID, key string, status task.ImageStatus, predictions []task.Prediction) (task.Task, error) {
	return s.changeTask(ctx, owner, id, func(ctx context.Context, tx *sql.Tx, t *task.Task) error {
		if t.ImageKey != key {
			return fault.New(fault.Conflict, "picture_changed", "The task's photo was changed meanwhile.")
		}
		if _, err := detachPicture(ctx, tx, owner.UserID, t, key); err != nil {
			return err
		}
		return attachPicture(ctx, tx, owner.UserID, t, key, status, predictions)
	})
}

// SetPendingPredictions stores the predictions of a picture if its task still has this picture and the picture is pending. It
// needs no session. It reports whether it stored them.
func (s *Store) SetPendingPredictions(ctx context.Context, p Picture, status task.ImageStatus, predictions []task.Prediction) (changed bool, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		t, err := taskScanner()(tx.QueryRowContext(ctx, selectTask+` FROM tasks t WHERE t.user_id = ? AND t.id = ? FOR UPDATE`, p.UserID[:], p.TaskID[:]))
		changed = err == nil && t.ImageKey == p.ImageKey && t.ImageStatus == task.ImagePending
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		if err != nil || !changed {
			return err
		}
		return attachPicture(ctx, tx, p.UserID, &t, p.ImageKey, status, predictions)
	})
	return changed && err == nil, err
}

// detachPicture removes the labels of a task that is locked in this transaction, and notes its picture for deletion unless
// its key is keep. It returns the key that it noted, if any.
func detachPicture(ctx context.Context, tx *sql.Tx, userID uuid.UUID, t *task.Task, keep string) (noted []string, err error) {
	if t.ImageKey == "" {
		return nil, nil
	}
	if t.ImageKey != keep {
		noted = []string{t.ImageKey}
		if _, err := tx.ExecContext(ctx, `INSERT INTO object_deletions (user_id, task_id, object_key, created_at) VALUES (?, ?, ?, UTC_TIMESTAMP(6))
			ON DUPLICATE KEY UPDATE created_at = VALUES(created_at)`, userID[:], t.ID[:], t.ImageKey); err != nil {
			return nil, err
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM task_labels WHERE user_id = ? AND task_id = ?`, userID[:], t.ID[:])
	return noted, err
}

// attachPicture saves a task that is locked in this transaction and has no labels, with this picture and these predictions.
func attachPicture(ctx context.Context, tx *sql.Tx, userID uuid.UUID, t *task.Task, key string, status task.ImageStatus, predictions []task.Prediction) error {
	t.SetPhoto(key, status, append([]task.Prediction{}, predictions...))
	if err := saveTask(ctx, tx, userID, t); err != nil {
		return err
	}
	shown := task.ShownPredictions(t.Predictions)
	if len(shown) == 0 {
		return nil
	}
	var args []any
	for _, p := range shown {
		args = append(args, userID[:], t.ID[:], p.Label, (*timeColumn)(&t.CreatedAt))
	}
	// Two classes of ImageNet may have the same first synonym.
	_, err := tx.ExecContext(ctx, `INSERT INTO task_labels (user_id, task_id, label, created_at) VALUES (?, ?, ?, ?)`+
		strings.Repeat(`, (?, ?, ?, ?)`, len(shown)-1)+`
		ON DUPLICATE KEY UPDATE label = VALUES(label)`, args...)
	return err
}

// PendingPictures returns the pictures that are stored but have no predictions yet, at most limit, in the order of users
// and tasks, starting after the given one.
func (s *Store) PendingPictures(ctx context.Context, after Picture, limit int) ([]Picture, error) {
	user := after.UserID[:]
	return query(ctx, s, scanPicture, `SELECT user_id, id, image_key FROM tasks
		WHERE image_status = 'pending' AND (user_id > ? OR (user_id = ? AND id > ?))
		ORDER BY user_id, id LIMIT ?`, user, user, after.TaskID[:], limit)
}

// NotedDeletions returns the pictures noted for deletion, at most limit, in the order of users, tasks and keys, starting
// after the given one.
func (s *Store) NotedDeletions(ctx context.Context, after Picture, limit int) ([]Picture, error) {
	user, of := after.UserID[:], after.TaskID[:]
	return query(ctx, s, scanPicture, `SELECT user_id, task_id, object_key FROM object_deletions
		WHERE user_id > ? OR (user_id = ? AND task_id > ?) OR (user_id = ? AND task_id = ? AND object_key > ?)
		ORDER BY user_id, task_id, object_key LIMIT ?`, user, user, of, user, of, after.ImageKey, limit)
}

func scanPicture(row scanner) (p Picture, err error) {
	err = row.Scan(&p.UserID, &p.TaskID, &p.ImageKey)
	return p, err
}

// ForgetDeletion removes the note of a picture that need not be deleted any longer, if it is noted.
func (s *Store) ForgetDeletion(ctx context.Context, p Picture) error {
	_, err := s.exec(ctx, `DELETE FROM object_deletions WHERE user_id = ? AND task_id = ? AND object_key = ?`, p.UserID[:], p.TaskID[:], p.ImageKey)
	return err
}
