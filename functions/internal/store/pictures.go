package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// SetPicture makes the picture under key, which the object store holds already, that of one of the owner's tasks, with
// what the classifier said of it, and notes the picture it replaces for deletion, in one transaction. It gives the task
// as it is then and the keys of the pictures that are to be deleted. The fault is NotFound when the owner has no such
// task (any more).
func (s *Store) SetPicture(ctx context.Context, owner task.Owner, id uuid.UUID, key string, status task.ImageStatus, predictions []task.Prediction) (t task.Task, replaced []string, err error) {
	encoded, err := encodePredictions(predictions)
	if err != nil {
		return task.Task{}, nil, err
	}
	o, err := s.onTask(ctx,
		lock(owner, id),
		noteDeletion(key, owner, id),
		statement{`UPDATE sessions s JOIN tasks t ON t.user_id = s.user_id
			SET t.image_key = ?, t.image_status = ?, t.predictions = ?, t.version = t.version + 1, t.updated_at = ?
			WHERE ` + living + ` AND t.id = ?`,
			append(append([]any{key, status, encoded, now()}, session(owner)...), id[:])},
		dropLabels(owner, id, key),
		addLabels(owner, id, key, task.ShownPredictions(predictions)),
		pendingDeletions(owner, id),
		theTask(owner, id),
	)
	switch {
	case err != nil:
		return task.Task{}, nil, err
	case !o.found:
		return task.Task{}, nil, s.orUnauthorized(ctx, owner, noSuchTask())
	}
	return o.task, o.deletions, nil
}

// RemovePicture takes the picture off one of the owner's tasks and notes it for deletion, in one transaction. It gives
// the task as it is then and the keys of the pictures that are to be deleted. The fault is NotFound when the owner has
// no such task, or the task no picture.
func (s *Store) RemovePicture(ctx context.Context, owner task.Owner, id uuid.UUID) (t task.Task, removed []string, err error) {
	o, err := s.onTask(ctx,
		lock(owner, id),
		noteDeletion("", owner, id),
		statement{`UPDATE sessions s JOIN tasks t ON t.user_id = s.user_id
			SET t.image_key = '', t.image_status = 'none', t.predictions = '[]', t.version = t.version + 1, t.updated_at = ?
			WHERE ` + living + ` AND t.id = ? AND t.image_key <> ''`,
			append(append([]any{now()}, session(owner)...), id[:])},
		countRows(),
		dropLabels(owner, id, ""),
		pendingDeletions(owner, id),
		theTask(owner, id),
	)
	switch {
	case err != nil:
		return task.Task{}, nil, err
	case !o.found:
		return task.Task{}, nil, s.orUnauthorized(ctx, owner, noSuchTask())
	case o.touched == 0:
		return task.Task{}, nil, fault.New(fault.NotFound, "no_picture", "This task has no picture.")
	}
	return o.task, o.deletions, nil
}

func encodePredictions(predictions []task.Prediction) (string, error) {
	if len(predictions) == 0 {
		return "[]", nil
	}
	encoded, err := json.Marshal(predictions)
	return string(encoded), err
}

// dropLabels makes a task whose picture is that under key no longer findable by labels.
func dropLabels(owner task.Owner, id uuid.UUID, key string) statement {
	return statement{`DELETE l FROM sessions s JOIN tasks t ON t.user_id = s.user_id
		JOIN task_labels l ON l.user_id = t.user_id AND l.task_id = t.id WHERE ` + living + ` AND t.id = ? AND t.image_key = ?`,
		append(session(owner), id[:], key)}
}

// addLabels makes a task whose picture is that under key findable by the labels that are shown for it.
func addLabels(owner task.Owner, id uuid.UUID, key string, shown []task.Prediction) statement {
	if len(shown) == 0 {
		return statement{`DO 0`, nil}
	}
	labels := labelsOf(shown)
	return statement{`INSERT INTO task_labels (user_id, task_id, label)
		SELECT t.user_id, t.id, p.label FROM sessions s JOIN tasks t ON t.user_id = s.user_id JOIN (` + labels.text + `) p
		WHERE ` + living + ` AND t.id = ? AND t.image_key = ?`, append(append(labels.args, session(owner)...), id[:], key)}
}

// labelsOf selects the labels of predictions, of which there is at least one. Two classes of ImageNet may share a first
// synonym: UNION keeps one of them.
func labelsOf(shown []task.Prediction) statement {
	var args []any
	for _, p := range shown {
		args = append(args, p.Label)
	}
	return statement{"SELECT ? AS label" + strings.Repeat(" UNION SELECT ?", len(shown)-1), args}
}

// SetPredictions puts down what the classifier said of the picture under key, if it is still that of the owner's task,
// in one transaction, and gives the task as it is then. The fault is Conflict when the task has another picture by now
// or none, NotFound when the owner has no such task.
func (s *Store) SetPredictions(ctx context.Context, owner task.Owner, id uuid.UUID, key string, status task.ImageStatus, predictions []task.Prediction) (task.Task, error) {
	encoded, err := encodePredictions(predictions)
	if err != nil {
		return task.Task{}, err
	}
	o, err := s.onTask(ctx,
		statement{`UPDATE sessions s JOIN tasks t ON t.user_id = s.user_id
			SET t.image_status = ?, t.predictions = ?, t.version = t.version + 1, t.updated_at = ?
			WHERE ` + living + ` AND t.id = ? AND t.image_key = ?`,
			append(append([]any{status, encoded, now()}, session(owner)...), id[:], key)},
		countRows(),
		dropLabels(owner, id, key),
		addLabels(owner, id, key, task.ShownPredictions(predictions)),
		theTask(owner, id),
	)
	switch {
	case err != nil:
		return task.Task{}, err
	case !o.found:
		return task.Task{}, s.orUnauthorized(ctx, owner, noSuchTask())
	case o.touched == 0:
		return task.Task{}, fault.New(fault.Conflict, "picture_changed", "The task's picture was changed meanwhile.")
	}
	return o.task, nil
}

// Picture says whose a picture is, of which task, and under which key the object store has it.
type Picture struct {
	UserID, TaskID uuid.UUID
	ImageKey       string
}

// UserDeletions lists pictures noted for deletion that were one user's, at most limit.
func (s *Store) UserDeletions(ctx context.Context, userID uuid.UUID, limit int) ([]Picture, error) {
	return s.pictures(ctx, `SELECT user_id, task_id, object_key FROM object_deletions WHERE user_id = ? LIMIT ?`, userID[:], limit)
}

func (s *Store) pictures(ctx context.Context, text string, args ...any) (all []Picture, err error) {
	err = s.query(ctx, func() { all = nil }, func(rows *sql.Rows) error {
		var p Picture
		err := rows.Scan(&p.UserID, &p.TaskID, &p.ImageKey)
		all = append(all, p)
		return err
	}, text, args...)
	return all, err
}

// ForgetDeletions crosses off pictures that the object store no longer holds.
func (s *Store) ForgetDeletions(ctx context.Context, userID, taskID uuid.UUID, keys []string) error {
	args := []any{userID[:], taskID[:]}
	for _, k := range keys {
		args = append(args, k)
	}
	_, err := s.exec(ctx, `DELETE FROM object_deletions WHERE user_id = ? AND task_id = ? AND object_key IN (?`+
		strings.Repeat(", ?", len(keys)-1)+`)`, args...)
	return err
}
