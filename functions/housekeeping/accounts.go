package housekeeping

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// accounts deletes what deleted users still have: delete-account and `user delete` only free the name and end the sessions.
func (s *sweep) accounts(ctx context.Context) ([]any, error) {
	const page = 100
	emptied, tasks := 0, 0
	counts := func() []any { return []any{"emptied", emptied, "tasks", tasks} }
	var failed failures
	for after := (uuid.UUID{}); ; {
		users, err := s.db.UsersToEmpty(ctx, after, page)
		if err != nil {
			return counts(), errors.Join(failed.first, err)
		}
		for _, user := range users {
			after = user
			deleted, err := s.db.EmptyUser(ctx, user)
			tasks += deleted
			if err != nil {
				if failed.add(err) {
					return counts(), failed.first
				}
				continue
			}
			failed.success()
			emptied++
		}
		if len(users) < page {
			return counts(), failed.first
		}
	}
}
