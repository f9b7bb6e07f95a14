package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Named returns the keys of those pictures that a task has or that are noted for deletion.
func (s *Store) Named(ctx context.Context, pictures []Picture) (map[string]bool, error) {
	if len(pictures) == 0 {
		return map[string]bool{}, nil
	}
	text, args := namedStatement(pictures)
	keys, err := query(ctx, s, scanValue[string], text, args...)
	return setOf(keys), err
}

// IsNamed reports whether the picture's task has it.
func (s *Store) IsNamed(ctx context.Context, p Picture) (bool, error) {
	found, err := query(ctx, s, scanValue[int], `SELECT 1 FROM tasks WHERE user_id = ? AND id = ? AND image_key = ?`, p.UserID[:], p.TaskID[:], p.ImageKey)
	return len(found) > 0, err
}

// namedStatement selects the keys of all pictures of the tasks that the given ones belong to. Both MySQL and MariaDB look
// each task up by the primary key if the alternatives are written out, but not if they are pairs in a list.
func namedStatement(pictures []Picture) (text string, args []any) {
	for _, p := range pictures {
		args = append(args, p.UserID[:], p.TaskID[:])
	}
	among := func(column string) string {
		one := `(user_id = ? AND ` + column + ` = ?)`
		return one + strings.Repeat(` OR `+one, len(pictures)-1)
	}
	return `SELECT image_key FROM tasks WHERE ` + among("id") +
		` UNION ALL SELECT object_key FROM object_deletions WHERE ` + among("task_id"), append(args, args...)
}

// KnownUsers returns those of the users that this database has, or had until at most 90 days ago.
func (s *Store) KnownUsers(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	if len(ids) == 0 {
		return map[uuid.UUID]bool{}, nil
	}
	var args []any
	for _, id := range ids {
		args = append(args, id[:])
	}
	among := ` WHERE id IN (?` + strings.Repeat(`, ?`, len(ids)-1) + `)`
	found, err := query(ctx, s, scanValue[uuid.UUID], `SELECT id FROM users`+among+` UNION ALL SELECT id FROM deleted_users`+among, append(args, args...)...)
	return setOf(found), err
}

func setOf[T comparable](all []T) map[T]bool {
	set := map[T]bool{}
	for _, one := range all {
		set[one] = true
	}
	return set
}

// pruneChunk is the most rows that one statement of Prune removes, so that none holds locks for long.
const pruneChunk = 500

// prunes are the rows that are no longer needed. A session is kept for a day after its end, and failures for an hour, four times as
// long as they count.
//
// The id of a deleted task is kept for 92 days, longer than task.New accepts an id, so that a late repetition of its creation
// never creates the task again. The id of a deleted user is kept for 90 days, to remove the user's unfinished uploads.
var prunes = []struct{ what, text string }{
	{"endedSessions", `DELETE FROM sessions WHERE ended_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY ORDER BY ended_at LIMIT ?`},
	{"expiredSessions", `DELETE FROM sessions WHERE expires_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY ORDER BY expires_at LIMIT ?`},
	{"passwordFailures", `DELETE FROM password_failures WHERE failed_at < UTC_TIMESTAMP(6) - INTERVAL 1 HOUR ORDER BY failed_at LIMIT ?`},
	{"registrations", `DELETE FROM registrations WHERE begun_at < UTC_TIMESTAMP(6) - INTERVAL 1 HOUR ORDER BY begun_at LIMIT ?`},
	{"deletedTasks", `DELETE FROM deleted_tasks WHERE deleted_at < UTC_TIMESTAMP(6) - INTERVAL 92 DAY ORDER BY deleted_at LIMIT ?`},
	{"deletedUsers", `DELETE FROM deleted_users WHERE emptied_at IS NOT NULL AND deleted_at < UTC_TIMESTAMP(6) - INTERVAL 90 DAY ORDER BY deleted_at LIMIT ?`},
}

// Prune removes rows that are no longer needed and counts them by kind: endedSessions, expiredSessions, passwordFailures,
// registrations, deletedTasks, deletedUsers. If it fails for one kind, it continues with the next.
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
