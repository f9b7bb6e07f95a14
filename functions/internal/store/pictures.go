package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// SetPicture makes the picture under key, which the object store holds already, that of one of the owner's tasks, with
// what the classifier said of it, and notes the picture it replaces for deletion, in one transaction. It gives the task
// as it is then and the keys of the pictures that are to be deleted. The fault is NotFound when the owner has no such
// task (any more).
func (s *Store) SetPicture(ctx context.Context, owner task.Owner, id uuid.UUID, key string, status task.ImageStatus, predictions []task.Prediction) (t task.Task, replaced []string, err error) {
	if predictions == nil {
		predictions = []task.Prediction{}
	}
	encoded, err := json.Marshal(predictions)
	if err != nil {
		return task.Task{}, nil, err
	}
	named := append(session(owner), id[:], key)
	statements := []statement{
		noteDeletion(key, owner, id),
		{`UPDATE sessions s JOIN tasks t ON t.user_id = s.user_id
			SET t.image_key = ?, t.image_status = ?, t.predictions = ?, t.version = t.version + 1, t.updated_at = ?
			WHERE ` + living + ` AND t.id = ?`,
			append(append([]any{key, status, string(encoded), now()}, session(owner)...), id[:])},
		{`DELETE l FROM sessions s JOIN tasks t ON t.user_id = s.user_id
			JOIN task_labels l ON l.user_id = t.user_id AND l.task_id = t.id WHERE ` + living + ` AND t.id = ? AND t.image_key = ?`, named},
	}
	if shown := task.ShownPredictions(predictions); len(shown) > 0 {
		statements = append(statements, addLabels(shown, named))
	}
	found := false
	start := func() { replaced, found = nil, false }
	err = s.transact(ctx, start, func(rows *sql.Rows) (err error) {
		if names, err := rows.Columns(); err != nil || len(names) == 2 {
			var none int64
			var old string
			err = rows.Scan(&none, &old)
			replaced = append(replaced, old)
			return err
		}
		t, err = scanTask(rows)
		found = true
		return err
	}, append(statements,
		pendingDeletions(owner, id),
		statement{`SELECT ` + columns + ` FROM sessions s JOIN tasks t ON t.user_id = s.user_id
			WHERE ` + living + ` AND t.id = ? AND t.image_key = ?`, named})...)
	switch {
	case err != nil:
		return task.Task{}, nil, err
	case !found:
		return task.Task{}, nil, s.orUnauthorized(ctx, owner, noSuchTask())
	}
	return t, replaced, nil
}

// addLabels makes a task findable by the labels that are shown for it. named are the values of a living session, a
// task's id and its picture's key.
func addLabels(shown []task.Prediction, named []any) statement {
	var args []any
	for _, p := range shown {
		args = append(args, p.Label)
	}
	labels := "SELECT ? AS label" + strings.Repeat(" UNION SELECT ?", len(shown)-1)
	return statement{`INSERT INTO task_labels (user_id, task_id, label)
		SELECT t.user_id, t.id, p.label FROM sessions s JOIN tasks t ON t.user_id = s.user_id JOIN (` + labels + `) p
		WHERE ` + living + ` AND t.id = ? AND t.image_key = ?`, append(args, named...)}
}

// noteDeletion writes down that the task's picture is to be deleted, unless it has none or it is the one to keep.
func noteDeletion(keep string, owner task.Owner, id uuid.UUID) statement {
	return statement{`INSERT IGNORE INTO object_deletions (user_id, task_id, object_key, created_at)
		SELECT t.user_id, t.id, t.image_key, UTC_TIMESTAMP(6) FROM sessions s JOIN tasks t ON t.user_id = s.user_id
		WHERE ` + living + ` AND t.id = ? AND t.image_key <> '' AND t.image_key <> ?`, append(session(owner), id[:], keep)}
}

// pendingDeletions selects 0 and the key of every picture of the task that is noted for deletion.
func pendingDeletions(owner task.Owner, id uuid.UUID) statement {
	return statement{`SELECT 0, object_key FROM object_deletions WHERE user_id = ? AND task_id = ?`, []any{owner.UserID[:], id[:]}}
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
