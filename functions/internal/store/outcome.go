package store

import (
	"context"
	"database/sql"

	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// outcome is what the SELECTs in a transaction on one task say of it, each kind known by its number of columns.
type outcome struct {
	touched   int64     // countRows: rows that the statement before it touched
	deletions []string  // pendingDeletions: keys of pictures
	found     bool      // theTask: is there still one?
	task      task.Task // theTask
}

// onTask runs statements as one transaction and collects what they select.
func (s *Store) onTask(ctx context.Context, statements ...statement) (outcome, error) {
	var o outcome
	err := s.transact(ctx, func() { o = outcome{} }, o.scan, statements...)
	return o, err
}

func (o *outcome) scan(rows *sql.Rows) error {
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	switch len(names) {
	case 1:
		return rows.Scan(&o.touched)
	case 2:
		var taskID uuid.UUID
		var key string
		err := rows.Scan(&taskID, &key)
		o.deletions = append(o.deletions, key)
		return err
	}
	o.task, err = newTaskRow().scan(rows)
	o.found = true
	return err
}

// lock takes the task's row for the rest of the transaction. One that began by reading the row would share it with the
// others that did, and all but one of them would end in a deadlock.
func lock(owner task.Owner, id uuid.UUID) statement {
	return statement{`UPDATE tasks SET version = version WHERE user_id = ? AND id = ?`, []any{owner.UserID[:], id[:]}}
}

// countRows selects how many rows the statement before it touched.
func countRows() statement { return statement{`SELECT ROW_COUNT()`, nil} }

// theTask selects one of the owner's tasks.
func theTask(owner task.Owner, id uuid.UUID) statement {
	return statement{`SELECT ` + columns + ` FROM sessions s JOIN tasks t ON t.user_id = s.user_id WHERE ` + living + ` AND t.id = ?`,
		append(session(owner), id[:])}
}

// pendingDeletions selects the key of every picture of the task that is noted for deletion.
func pendingDeletions(owner task.Owner, id uuid.UUID) statement {
	return statement{`SELECT task_id, object_key FROM object_deletions WHERE user_id = ? AND task_id = ?`, []any{owner.UserID[:], id[:]}}
}

// noteDeletion writes down that the task's picture is to be deleted, unless it has none or it is the one to keep.
func noteDeletion(keep string, owner task.Owner, id uuid.UUID) statement {
	return statement{`INSERT IGNORE INTO object_deletions (user_id, task_id, object_key, created_at)
		SELECT t.user_id, t.id, t.image_key, UTC_TIMESTAMP(6) FROM sessions s JOIN tasks t ON t.user_id = s.user_id
		WHERE ` + living + ` AND t.id = ? AND t.image_key <> '' AND t.image_key <> ?`, append(session(owner), id[:], keep)}
}
