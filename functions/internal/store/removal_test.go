package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestARemovedUserLeavesOnlyNotedDeletionsOnceEmptied(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s, pool := testbed.StoreAt(t, dsn), rows(t, dsn)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	for i := range 3 {
		withPicture(t, s, ada.Owner, fmt.Sprint("ada-", i), task.ImageDone)
	}
	deleted := withPicture(t, s, ada.Owner, "ada-deleted", task.ImageDone)
	_, err := s.DeleteTask(ctx, ada.Owner, deleted.TaskID)
	require.NoError(t, err)
	kept := withPicture(t, s, eve.Owner, "eve", task.ImageDone)

	require.NoError(t, s.RemoveUser(ctx, ada.Username))
	requireFault(t, fault.NotFound, s.RemoveUser(ctx, ada.Username))
	_, err = s.UserOf(ctx, ada.Owner)
	requireFault(t, fault.Unauthorized, err)

	require.Equal(t, []uuid.UUID{ada.UserID}, toEmpty(t, s))
	tasks, err := s.EmptyUser(ctx, ada.UserID)
	require.NoError(t, err)
	require.Equal(t, 3, tasks)
	require.Empty(t, toEmpty(t, s))
	noted, err := s.NotedDeletions(ctx, store.Picture{}, 10)
	require.NoError(t, err)
	require.Len(t, noted, 4)
	for _, table := range []string{"users", "sessions", "tasks", "task_labels", "deleted_tasks", "user_usage"} {
		column := "user_id"
		if table == "users" {
			column = "id"
		}
		var left int
		require.NoError(t, pool.QueryRow(`SELECT COUNT(*) FROM `+table+` WHERE `+column+` = ?`, ada.UserID[:]).Scan(&left))
		require.Zero(t, left, table)
	}
	_, err = s.Task(ctx, eve.Owner, kept.TaskID)
	require.NoError(t, err)
	known, err := s.KnownUsers(ctx, []uuid.UUID{ada.UserID})
	require.NoError(t, err)
	require.True(t, known[ada.UserID], "unfinished uploads of the user must still be found")
}

// toEmpty returns the deleted users that are not emptied yet.
func toEmpty(t *testing.T, s *store.Store) []uuid.UUID {
	t.Helper()
	users, err := s.UsersToEmpty(t.Context(), uuid.UUID{}, 10)
	require.NoError(t, err)
	return users
}

func TestAnAccountWithManyTasksIsEmptiedInChunks(t *testing.T) {
	t.Parallel()
	const many = 50_000
	dsn, ctx := testbed.Database(t), context.Background()
	s, pool := testbed.StoreAt(t, dsn), rows(t, dsn+"&interpolateParams=true")
	ada := testbed.SignIn(t, s)
	_, err := pool.ExecContext(ctx, `INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)
		WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 999)
		SELECT ?, UNHEX(LPAD(HEX(a.i * 1000 + b.i), 32, '0')), 'a task', '', '2026-01-01', 0, NOW(6), NOW(6), 1, CONCAT('key-', a.i * 1000 + b.i), 'done', '[]'
		FROM n a JOIN n b WHERE a.i < ?`, ada.UserID[:], many/1000)
	require.NoError(t, err)

	counted, roundTrips := testbed.RoundTrips(t, dsn)
	through := testbed.StoreAt(t, counted)
	before := time.Now()
	require.NoError(t, through.DeleteUser(ctx, ada.Owner, "none"))
	t.Logf("deleted in %s", time.Since(before))
	require.NoError(t, s.AddUser(ctx, ada.Username, "h"), "the username must be free")
	roundTrips()

	tasks, err := through.EmptyUser(ctx, ada.UserID)
	require.NoError(t, err)
	require.Equal(t, many, tasks)
	require.Greater(t, roundTrips(), many/500, "in chunks")
	var noted int
	require.NoError(t, pool.QueryRow(`SELECT COUNT(*) FROM object_deletions WHERE user_id = ?`, ada.UserID[:]).Scan(&noted))
	require.Equal(t, many, noted)
}

func TestEmptyingContinuesWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, s)
	for i := range 3 {
		withPicture(t, s, ada.Owner, fmt.Sprint("key-", i), task.ImageDone)
	}
	require.NoError(t, s.RemoveUser(t.Context(), ada.Username))
	r := newRival(t, dsn)
	r.must(t, `SELECT 1 FROM tasks WHERE user_id = ? FOR UPDATE`, ada.UserID[:])
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := s.EmptyUser(ctx, ada.UserID)
	require.Error(t, err)
	require.Equal(t, []uuid.UUID{ada.UserID}, toEmpty(t, s))
	require.NoError(t, r.Rollback())
	tasks, err := s.EmptyUser(t.Context(), ada.UserID)
	require.NoError(t, err)
	require.Equal(t, 3, tasks)
	require.Empty(t, toEmpty(t, s))
}
