package store

import (
	"context"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// AddTask stores a draft for its owner. A draft with the id of a task that the owner has already is taken for a
// repeated call and gives that task. The fault is Conflict when the owner had such a task and deleted it.
func (s *Store) AddTask(ctx context.Context, owner task.Owner, d task.Draft) (task.Task, error) {
	t := task.Task{
		ID: d.ID, Title: d.Title, Body: d.Body, DueDate: d.DueDate, CreatedAt: now(), Version: 1, ImageStatus: task.ImageNone,
	}
	t.UpdatedAt = t.CreatedAt
	args := []any{t.ID[:], t.Title, t.Body, string(t.DueDate), t.CreatedAt, t.UpdatedAt, t.Version, t.ImageStatus}
	args = append(append(args, session(owner)...), t.ID[:])
	added, err := s.exec(ctx, `INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)
		SELECT s.user_id, ?, ?, ?, ?, FALSE, ?, ?, ?, '', ?, '[]' FROM sessions s
		WHERE `+living+` AND NOT EXISTS (SELECT 1 FROM deleted_tasks d WHERE d.user_id = s.user_id AND d.id = ?)`, args...)
	switch {
	case number(err) == duplicateKey:
		first, err := s.Task(ctx, owner, d.ID)
		if fault.Is(err, fault.NotFound) { // deleted a moment ago
			err = taskDeleted()
		}
		return first, err
	case err != nil:
		return task.Task{}, err
	case added == 0:
		return task.Task{}, s.orUnauthorized(ctx, owner, taskDeleted())
	}
	return t, nil
}

// Task finds one of the owner's tasks. The fault is NotFound when the owner has none with this id.
func (s *Store) Task(ctx context.Context, owner task.Owner, id uuid.UUID) (task.Task, error) {
	var o outcome
	one := theTask(owner, id)
	err := s.query(ctx, func() { o = outcome{} }, o.scan, one.text, one.args...)
	switch {
	case err != nil:
		return task.Task{}, err
	case !o.found:
		return task.Task{}, s.orUnauthorized(ctx, owner, noSuchTask())
	}
	return o.task, nil
}

// DeleteTask removes one of the owner's tasks and notes its picture for deletion, in one transaction. It gives the keys
// of the pictures that are to be deleted for this task now. The fault is NotFound when the owner has no such task.
func (s *Store) DeleteTask(ctx context.Context, owner task.Owner, id uuid.UUID) (imageKeys []string, err error) {
	o, err := s.deletePlain(ctx, owner, id)
	if err == nil && o.touched == 0 {
		o, err = s.deletePictured(ctx, owner, id)
	}
	switch {
	case err != nil:
		return nil, err
	case o.touched == 0:
		return nil, s.orUnauthorized(ctx, owner, noSuchTask())
	}
	return o.deletions, nil
}

// deletePlain removes a task that has no picture, as most have none, and so no labels either. Pictures that it had
// before and that are noted for deletion are left to housekeeping. It costs the database half of what deletePictured does.
func (s *Store) deletePlain(ctx context.Context, owner task.Owner, id uuid.UUID) (outcome, error) {
	return s.onTask(ctx,
		statement{`DELETE t FROM sessions s JOIN tasks t ON t.user_id = s.user_id WHERE ` + living + ` AND t.id = ? AND t.image_key = ''`,
			append(session(owner), id[:])},
		statement{`INSERT INTO deleted_tasks (user_id, id, deleted_at) SELECT ?, ?, UTC_TIMESTAMP(6) FROM DUAL WHERE ROW_COUNT() > 0
			ON DUPLICATE KEY UPDATE deleted_at = UTC_TIMESTAMP(6)`, []any{owner.UserID[:], id[:]}},
		countRows(),
	)
}

// deletePictured removes a task whether or not it has a picture.
func (s *Store) deletePictured(ctx context.Context, owner task.Owner, id uuid.UUID) (outcome, error) {
	of := append(session(owner), id[:])
	return s.onTask(ctx,
		lock(owner, id),
		noteDeletion("", owner, id),
		statement{`INSERT IGNORE INTO deleted_tasks (user_id, id, deleted_at)
			SELECT t.user_id, t.id, UTC_TIMESTAMP(6) FROM sessions s JOIN tasks t ON t.user_id = s.user_id WHERE ` + living + ` AND t.id = ?`, of},
		statement{`DELETE t, l FROM sessions s JOIN tasks t ON t.user_id = s.user_id
			LEFT JOIN task_labels l ON l.user_id = t.user_id AND l.task_id = t.id WHERE ` + living + ` AND t.id = ?`, of},
		countRows(),
		pendingDeletions(owner, id),
	)
}

func taskDeleted() error {
	return fault.New(fault.Conflict, "task_deleted", "The task with this id was deleted.")
}
