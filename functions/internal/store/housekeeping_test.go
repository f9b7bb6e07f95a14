package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var pier = []task.Prediction{{Label: "pier", Score: .9}, {Label: "dock", Score: .05}}

// rows returns a pool for the database at dsn, to add rows that are older than the test.
func rows(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	return pool
}

func TestNamedFindsPicturesOfTasksAndDeletions(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	kept := withPicture(t, s, ada.Owner, "kept", task.ImageDone)
	replaced := withPicture(t, s, ada.Owner, "replaced", task.ImageDone)
	_, _, err := s.SetPicture(t.Context(), ada.Owner, replaced.TaskID, "new", 1000, task.ImageDone, nil)
	require.NoError(t, err)

	stray := store.Picture{UserID: ada.UserID, TaskID: kept.TaskID, ImageKey: "stray"}
	strangers := store.Picture{UserID: testbed.NewID(t), TaskID: kept.TaskID, ImageKey: "strange"}
	named, err := s.Named(t.Context(), []store.Picture{kept, replaced, stray, strangers})
	require.NoError(t, err)
	require.True(t, named["kept"])
	require.True(t, named["replaced"])
	require.False(t, named["stray"])
	require.False(t, named["strange"])
	none, err := s.Named(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, none)

	require.NoError(t, s.RemoveUser(t.Context(), eve.Username))
	known, err := s.KnownUsers(t.Context(), []uuid.UUID{ada.UserID, eve.UserID, strangers.UserID})
	require.NoError(t, err)
	require.Equal(t, map[uuid.UUID]bool{ada.UserID: true, eve.UserID: true}, known)
	noUsers, err := s.KnownUsers(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, noUsers)
}

// TestNamedReadsOnlyTheRowsOfItsTasks counts the rows that the database reads to look up 100 pictures among 2,000 tasks.
func TestNamedReadsOnlyTheRowsOfItsTasks(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	pool := rows(t, dsn+"&interpolateParams=true")
	pool.SetMaxOpenConns(1)
	_, err := pool.ExecContext(ctx, `INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)
		WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 999)
		SELECT UNHEX(LPAD(HEX(MOD(a.i, 10)), 32, '0')), UNHEX(LPAD(HEX(a.i * 2 + b.j), 32, '0')), 'a task', '', '2026-01-01', 0, NOW(6), NOW(6), 1, '', 'none', '[]'
		FROM n a JOIN (SELECT 0 AS j UNION SELECT 1) b`)
	require.NoError(t, err)
	var skip string
	require.NoError(t, pool.QueryRowContext(ctx, `ANALYZE TABLE tasks`).Scan(&skip, &skip, &skip, &skip))
	var pictures []store.Picture
	for i := range 100 {
		pictures = append(pictures, store.Picture{UserID: uuid.UUID{15: byte(i % 10)}, TaskID: uuid.UUID{15: byte(i * 2)}})
	}
	_, err = pool.ExecContext(ctx, `FLUSH STATUS`)
	require.NoError(t, err)
	text, args := store.NamedStatement(pictures)
	_, err = pool.ExecContext(ctx, text, args...)
	require.NoError(t, err)
	read := handlerReads(t, pool)
	require.GreaterOrEqual(t, read, 100, "no reads were counted")
	require.LessOrEqual(t, read, 500)
}

// handlerReads returns how many rows were read from the storage engine since FLUSH STATUS on the pool's only connection.
func handlerReads(t *testing.T, pool *sql.DB) int {
	t.Helper()
	status, err := pool.QueryContext(t.Context(), `SHOW SESSION STATUS LIKE 'Handler_read%'`)
	require.NoError(t, err)
	defer status.Close()
	read := 0
	for status.Next() {
		var name string
		var count int
		require.NoError(t, status.Scan(&name, &count))
		read += count
	}
	require.NoError(t, status.Err())
	return read
}

func TestPruneKeepsRowsThatAreStillNeeded(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s, pool := testbed.StoreAt(t, dsn), rows(t, dsn)
	ada := testbed.SignIn(t, s)
	insert := func(text string, args ...any) {
		id := testbed.NewID(t)
		_, err := pool.ExecContext(ctx, text, append([]any{id[:]}, args...)...)
		require.NoError(t, err)
	}
	session := func(expires, ended time.Duration) {
		insert(`INSERT INTO sessions (user_id, id, created_at, expires_at, ended_at) VALUES (UNHEX('01'), ?, UTC_TIMESTAMP(6), ?, ?)`,
			time.Now().UTC().Add(expires), sql.NullTime{Time: time.Now().UTC().Add(ended), Valid: ended != 0})
	}
	const day = 24 * time.Hour
	session(day, 0)
	session(-day+time.Minute, 0)
	session(7*day, -day+time.Minute)
	session(-day-time.Minute, 0)      // pruned
	session(7*day, -day-time.Minute)  // pruned
	session(-2*day, -2*day-time.Hour) // pruned
	for _, minutes := range []int{1, 14, 59, 61, 1000} {
		insert(`INSERT INTO password_failures (subject, failures, not_before, failed_at) VALUES (?, 3, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) - INTERVAL ? MINUTE)`, minutes)
		insert(`INSERT INTO registrations (address, attempts, begun_at) VALUES (?, 3, UTC_TIMESTAMP(6) - INTERVAL ? MINUTE)`, minutes)
	}
	for _, days := range []int{0, 89, 91, 93, 400} {
		insert(`INSERT INTO deleted_tasks (id, user_id, deleted_at) VALUES (?, UNHEX('03'), UTC_TIMESTAMP(6) - INTERVAL ? DAY)`, days)
		insert(`INSERT INTO deleted_users (id, deleted_at, emptied_at) VALUES (?, UTC_TIMESTAMP(6) - INTERVAL ? DAY, UTC_TIMESTAMP(6))`, days)
	}
	insert(`INSERT INTO deleted_users (id, deleted_at) VALUES (?, UTC_TIMESTAMP(6) - INTERVAL 1 YEAR)`) // not emptied yet
	for range 501 {
		insert(`INSERT INTO deleted_users (id, deleted_at, emptied_at) VALUES (?, UTC_TIMESTAMP(6) - INTERVAL 1 YEAR, UTC_TIMESTAMP(6))`)
	}

	removed, err := s.Prune(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"endedSessions": 2, "expiredSessions": 1, "passwordFailures": 2, "registrations": 2, "deletedTasks": 2, "deletedUsers": 504}, removed)
	again, err := s.Prune(ctx)
	require.NoError(t, err)
	for what, n := range again {
		require.Zero(t, n, what)
	}
	_, err = s.UserOf(ctx, ada.Owner)
	require.NoError(t, err, "a valid session was pruned")
}
