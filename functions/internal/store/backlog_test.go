package store_test

import (
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestBacklogCountsWhatWaits(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s := testbed.StoreAt(t, dsn)
	backlog := func() store.Backlog {
		t.Helper()
		b, err := s.Backlog(t.Context())
		require.NoError(t, err)
		return b
	}
	require.Equal(t, store.Backlog{}, backlog())

	ada := testbed.SignIn(t, s)
	var keys []string
	for range 2 {
		added := testbed.AddTask(t, s, ada.Owner)
		key := objects.NewKey(ada.UserID, added.ID)
		_, _, err := s.SetPicture(t.Context(), ada.Owner, added.ID, key, 10, task.ImagePending, nil)
		require.NoError(t, err)
		keys = append(keys, key)
		time.Sleep(20 * time.Millisecond)
	}
	done := testbed.AddTask(t, s, ada.Owner)
	_, _, err := s.SetPicture(t.Context(), ada.Owner, done.ID, objects.NewKey(ada.UserID, done.ID), 10, task.ImageDone, nil)
	require.NoError(t, err)
	announce(t, s, ada.Owner, done.ID)
	time.Sleep(20 * time.Millisecond)
	waiting := backlog()
	require.Equal(t, 2, waiting.PendingPhotos.Count)
	require.GreaterOrEqual(t, waiting.PendingPhotos.Oldest, 60*time.Millisecond)
	require.Equal(t, 1, waiting.Uploads.Count)
	require.GreaterOrEqual(t, waiting.Uploads.Oldest, 20*time.Millisecond)
	require.Less(t, waiting.Uploads.Oldest, waiting.PendingPhotos.Oldest)
	require.Zero(t, waiting.Deletions)

	parsed, err := objects.ParseKey(keys[0])
	require.NoError(t, err)
	_, err = s.DeleteTask(t.Context(), ada.Owner, parsed.TaskID)
	require.NoError(t, err)
	time.Sleep(20 * time.Millisecond)
	deleted := backlog()
	require.Equal(t, 1, deleted.PendingPhotos.Count)
	require.Equal(t, 1, deleted.Deletions.Count)
	require.Greater(t, deleted.Deletions.Oldest, 10*time.Millisecond)
}

// TestBacklogReadsNotAllTasks counts the rows that the database reads, among 4,000 tasks of which few wait.
func TestBacklogReadsNotAllTasks(t *testing.T) {
	t.Parallel()
	s, _, _ := manyTasks(t)
	_, err := s.Pool().Exec(`FLUSH STATUS`)
	require.NoError(t, err)
	backlog, err := s.Backlog(t.Context())
	require.NoError(t, err)
	require.Equal(t, 8, backlog.PendingPhotos.Count)
	require.Less(t, rowsSinceFlush(t, s.Pool()), 200)
}

// TestAnAnnouncementReadsNotAllTasks counts the rows that the database reads for a user with 4,000 tasks, of which few await an upload,
// while 4,000 uploads of others are awaited.
func TestAnAnnouncementReadsNotAllTasks(t *testing.T) {
	t.Parallel()
	s, ada, mine := manyTasks(t)
	eve := testbed.SignIn(t, s)
	for _, text := range []string{
		`INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions, upload_id)
			SELECT UNHEX(?), id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions, id FROM tasks`,
		`UPDATE tasks SET upload_id = id WHERE user_id <> UNHEX(?) ORDER BY id LIMIT 20`,
	} {
		_, err := s.Pool().Exec(text, strings.ReplaceAll(eve.UserID.String(), "-", ""))
		require.NoError(t, err)
	}
	analyze(t, s)
	_, err := s.Pool().Exec(`FLUSH STATUS`)
	require.NoError(t, err)
	announce(t, s, ada.Owner, mine.ID)
	require.Less(t, rowsSinceFlush(t, s.Pool()), 100)
}

// manyTasks returns a store of one connection with a user who has 4,000 tasks with photos, of which 8 are pending, and one without.
func manyTasks(t *testing.T) (s *store.Store, ada testbed.Person, plain task.Task) {
	t.Helper()
	s, err := store.New(store.Config{DSN: testbed.Database(t), MaxOpen: 1, MaxLifetime: time.Minute, Timeout: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	ada = testbed.SignIn(t, s)
	plain = testbed.AddTask(t, s, ada.Owner)
	_, err = s.Pool().Exec(`INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)
		WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 999)
		SELECT UNHEX(?), UNHEX(CONCAT(LPAD(HEX(m.i), 16, '0'), LPAD(HEX(n.i), 16, '0'))), 'a task', '', '2026-01-01', 0, NOW(6), NOW(6), 1,
			CONCAT('a/b/', UUID()), IF(n.i < 2, 'pending', 'done'), '[]' FROM n JOIN n m ON m.i < 4`, strings.ReplaceAll(ada.UserID.String(), "-", ""))
	require.NoError(t, err)
	analyze(t, s)
	return s, ada, plain
}

// analyze makes the database count the tasks anew, by which it chooses indexes.
func analyze(t *testing.T, s *store.Store) {
	t.Helper()
	var a, b, c, d string
	require.NoError(t, s.Pool().QueryRow(`ANALYZE TABLE tasks`).Scan(&a, &b, &c, &d))
}
