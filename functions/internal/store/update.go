package store

import (
	"context"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// UpdateTask changes one of the owner's tasks, if it still has the version that the change names, and gives it as it is
// then. The fault is Conflict when the task has changed since, NotFound when the owner has no such task.
func (s *Store) UpdateTask(ctx context.Context, owner task.Owner, id uuid.UUID, c task.Change) (task.Task, error) {
	o, err := s.onTask(ctx,
		statement{`UPDATE sessions s JOIN tasks t ON t.user_id = s.user_id
			SET t.title = COALESCE(?, t.title), t.body = COALESCE(?, t.body), t.due_date = COALESCE(?, t.due_date),
				t.completed = COALESCE(?, t.completed), t.version = t.version + 1, t.updated_at = ?
			WHERE ` + living + ` AND t.id = ? AND t.version = ?`,
			append(append([]any{c.Title, c.Body, c.DueDate, c.Completed, now()}, session(owner)...), id[:], c.Version)},
		countRows(),
		theTask(owner, id),
	)
	switch {
	case err != nil:
		return task.Task{}, err
	case !o.found:
		return task.Task{}, s.orUnauthorized(ctx, owner, noSuchTask())
	case o.touched == 0:
		return task.Task{}, fault.New(fault.Conflict, "stale_version", "The task was changed since you saw it.")
	}
	return o.task, nil
}
