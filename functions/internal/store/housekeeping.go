package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// Statements of this file run for no session: nothing of them reaches a client.

// NotedDeletions lists pictures noted for deletion, at most limit, in the order of users, tasks and keys from behind the
// given one on.
func (s *Store) NotedDeletions(ctx context.Context, behind Picture, limit int) ([]Picture, error) {
	user, of := behind.UserID[:], behind.TaskID[:]
	return s.pictures(ctx, `SELECT user_id, task_id, object_key FROM object_deletions
		WHERE user_id > ? OR (user_id = ? AND task_id > ?) OR (user_id = ? AND task_id = ? AND object_key > ?)
		ORDER BY user_id, task_id, object_key LIMIT ?`, user, user, of, user, of, behind.ImageKey, limit)
}

// PendingPictures lists pictures that are kept but not recognised yet, at most limit, in the order of users and tasks from
// behind the given one on.
func (s *Store) PendingPictures(ctx context.Context, behind Picture, limit int) ([]Picture, error) {
	user := behind.UserID[:]
	return s.pictures(ctx, `SELECT user_id, id, image_key FROM tasks
		WHERE image_status = 'pending' AND (user_id > ? OR (user_id = ? AND id > ?))
		ORDER BY user_id, id LIMIT ?`, user, user, behind.TaskID[:], limit)
}

// Recognise puts down what the classifier said of a picture, in one transaction, if the task still has this picture and
// it is still pending; it says whether that was so.
func (s *Store) Recognise(ctx context.Context, p Picture, status task.ImageStatus, predictions []task.Prediction) (bool, error) {
	encoded, err := encodePredictions(predictions)
	if err != nil {
		return false, err
	}
	const pending = ` WHERE t.user_id = ? AND t.id = ? AND t.image_key = ? AND t.image_status = 'pending'`
	place := []any{p.UserID[:], p.TaskID[:], p.ImageKey}
	// The first statement locks the row, and the status changes last, so that all of them see the same.
	statements := []statement{
		{`UPDATE tasks t SET t.predictions = ?, t.version = t.version + 1, t.updated_at = ?` + pending, append([]any{encoded, now()}, place...)},
		countRows(),
	}
	if shown := task.ShownPredictions(predictions); len(shown) > 0 {
		labels := labelsOf(shown)
		statements = append(statements, statement{`INSERT INTO task_labels (user_id, task_id, label)
			SELECT t.user_id, t.id, p.label FROM tasks t JOIN (` + labels.text + `) p` + pending, append(labels.args, place...)})
	}
	statements = append(statements, statement{`UPDATE tasks t SET t.image_status = ?` + pending, append([]any{status}, place...)})
	o, err := s.onTask(ctx, statements...)
	return o.touched > 0, err
}

// Named finds those of the pictures that a task has or that are noted for deletion, by key.
func (s *Store) Named(ctx context.Context, pictures []Picture) (map[string]bool, error) {
	if len(pictures) == 0 {
		return map[string]bool{}, nil
	}
	find := findNamed(pictures)
	var named map[string]bool
	err := s.query(ctx, func() { named = map[string]bool{} }, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		named[key] = true
		return err
	}, find.text, find.args...)
	return named, err
}

// findNamed selects the keys of all pictures of the tasks that the given ones are of. Each task's are looked up by the
// primary key, which both MySQL and MariaDB do for alternatives written out, but not for pairs in a list.
func findNamed(pictures []Picture) statement {
	var places []any
	for _, p := range pictures {
		places = append(places, p.UserID[:], p.TaskID[:])
	}
	among := func(column string) string {
		one := `(user_id = ? AND ` + column + ` = ?)`
		return one + strings.Repeat(` OR `+one, len(pictures)-1)
	}
	return statement{`SELECT image_key FROM tasks WHERE ` + among("id") +
		` UNION ALL SELECT object_key FROM object_deletions WHERE ` + among("task_id"), append(places, places...)}
}

// KnownUsers finds those of the users that this database has, or had until at most 90 days ago.
func (s *Store) KnownUsers(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	if len(ids) == 0 {
		return map[uuid.UUID]bool{}, nil
	}
	var args []any
	for _, id := range ids {
		args = append(args, id[:])
	}
	among := ` WHERE id IN (?` + strings.Repeat(`, ?`, len(ids)-1) + `)`
	var known map[uuid.UUID]bool
	err := s.query(ctx, func() { known = map[uuid.UUID]bool{} }, func(rows *sql.Rows) error {
		var id uuid.UUID
		err := rows.Scan(&id)
		known[id] = true
		return err
	}, `SELECT id FROM users`+among+` UNION ALL SELECT id FROM deleted_users`+among, append(args, args...)...)
	return known, err
}

// pruneChunk is how many rows one statement of Prune removes at most, so that none holds locks for long.
const pruneChunk = 500

// prunes says what is of no use any more. A session is kept for a day after its end, a failed login for an hour, four times
// the window in which it counts.
//
// The id of a deleted task is kept for 90 days: a client that repeats a creation later than that, with the id it made then,
// makes the task anew. That of a deleted user is kept as long, to remove the user's unfinished uploads.
var prunes = []struct{ what, text string }{
	{"endedSessions", `DELETE FROM sessions WHERE ended_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY ORDER BY ended_at LIMIT ?`},
	{"expiredSessions", `DELETE FROM sessions WHERE expires_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY ORDER BY expires_at LIMIT ?`},
	{"loginFailures", `DELETE FROM login_failures WHERE failed_at < UTC_TIMESTAMP(6) - INTERVAL 1 HOUR ORDER BY failed_at LIMIT ?`},
	{"deletedTasks", `DELETE FROM deleted_tasks WHERE deleted_at < UTC_TIMESTAMP(6) - INTERVAL 90 DAY ORDER BY deleted_at LIMIT ?`},
	{"deletedUsers", `DELETE FROM deleted_users WHERE deleted_at < UTC_TIMESTAMP(6) - INTERVAL 90 DAY ORDER BY deleted_at LIMIT ?`},
}

// Prune removes rows that are of no use any more and counts them by what they were: endedSessions, expiredSessions,
// loginFailures, deletedTasks, deletedUsers. It goes on with the next kind when it fails with one.
func (s *Store) Prune(ctx context.Context) (map[string]int64, error) {
	removed := map[string]int64{}
	var failures []error
	for _, p := range prunes {
		for more := true; more; {
			rows, err := s.exec(ctx, p.text, pruneChunk)
			if err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", p.what, err))
			}
			removed[p.what] += rows
			more = err == nil && rows == pruneChunk
		}
	}
	return removed, errors.Join(failures...)
}
