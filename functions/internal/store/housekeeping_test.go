package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var pier = []task.Prediction{{Label: "pier", Score: .9}, {Label: "dock", Score: .05}}

// withPicture adds a task of the owner's whose picture is under key.
func withPicture(t *testing.T, s *store.Store, owner task.Owner, key string, status task.ImageStatus) store.Picture {
	t.Helper()
	mine, err := s.AddTask(t.Context(), owner, draft(t, "a task"))
	require.NoError(t, err)
	_, _, err = s.SetPicture(t.Context(), owner, mine.ID, key, status, nil)
	require.NoError(t, err)
	return store.Picture{UserID: owner.UserID, TaskID: mine.ID, ImageKey: key}
}

// rows is a pool on the database at dsn, to put rows in that only time would make.
func rows(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	return pool
}

func TestPendingPicturesAreListedOnceEach(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	want := map[store.Picture]bool{}
	for i := range 5 {
		owner := []task.Owner{ada.Owner, eve.Owner}[i%2]
		want[withPicture(t, s, owner, fmt.Sprint("pending-", i), task.ImagePending)] = true
		withPicture(t, s, owner, fmt.Sprint("done-", i), task.ImageDone)
	}
	var behind store.Picture
	for len(want) > 0 {
		page, err := s.PendingPictures(t.Context(), behind, 2)
		require.NoError(t, err)
		require.NotEmpty(t, page)
		for _, p := range page {
			require.True(t, want[p], "%v", p)
			delete(want, p)
			behind = p
		}
	}
	page, err := s.PendingPictures(t.Context(), behind, 2)
	require.NoError(t, err)
	require.Empty(t, page)
}

func TestAPendingPictureIsRecognisedOnce(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "key", task.ImagePending)

	var wait sync.WaitGroup
	changes := make(chan bool, 6)
	for range cap(changes) {
		wait.Go(func() {
			changed, err := s.Recognise(ctx, p, task.ImageDone, pier)
			if err == nil {
				changes <- changed
			}
		})
	}
	wait.Wait()
	close(changes)
	count := map[bool]int{}
	for changed := range changes {
		count[changed]++
	}
	require.Equal(t, map[bool]int{true: 1, false: cap(changes) - 1}, count)

	now, err := s.Task(ctx, ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Equal(t, task.ImageDone, now.ImageStatus)
	require.Equal(t, pier, now.Predictions)
	require.Equal(t, uint32(3), now.Version)
	found, _, err := s.Tasks(ctx, ada.Owner, task.Filter{Label: "pier", Sort: task.ByCreated, Limit: 10})
	require.NoError(t, err)
	require.Len(t, found, 1)
	found, _, err = s.Tasks(ctx, ada.Owner, task.Filter{Label: "dock", Sort: task.ByCreated, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, found, "too weak to be shown")
}

func TestAPictureThatWasReplacedIsNotRecognised(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "key-1", task.ImagePending)
	_, _, err := s.SetPicture(t.Context(), ada.Owner, p.TaskID, "key-2", task.ImagePending, nil)
	require.NoError(t, err)

	changed, err := s.Recognise(t.Context(), p, task.ImageDone, pier)
	require.NoError(t, err)
	require.False(t, changed)
	now, err := s.Task(t.Context(), ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Equal(t, task.ImagePending, now.ImageStatus)
	require.Empty(t, now.Predictions)
}

func TestAPictureThatIsRefusedHasFailed(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "key", task.ImagePending)
	changed, err := s.Recognise(t.Context(), p, task.ImageFailed, nil)
	require.NoError(t, err)
	require.True(t, changed)
	now, err := s.Task(t.Context(), ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Equal(t, task.ImageFailed, now.ImageStatus)
}

func TestNotedDeletionsAreListedInPages(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	mine := withPicture(t, s, ada.Owner, "key-0", task.ImageDone)
	for i := range 4 {
		_, _, err := s.SetPicture(t.Context(), ada.Owner, mine.TaskID, fmt.Sprint("key-", i+1), task.ImageDone, nil)
		require.NoError(t, err)
	}
	_, err := s.DeleteTask(t.Context(), ada.Owner, withPicture(t, s, ada.Owner, "other", task.ImageDone).TaskID)
	require.NoError(t, err)

	var listed []string
	for behind := (store.Picture{}); ; {
		page, err := s.NotedDeletions(t.Context(), behind, 2)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			listed = append(listed, p.ImageKey)
			behind = p
		}
	}
	require.Equal(t, []string{"key-0", "key-1", "key-2", "key-3", "other"}, listed)
}

func TestWhatIsNamed(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	kept := withPicture(t, s, ada.Owner, "kept", task.ImageDone)
	replaced := withPicture(t, s, ada.Owner, "replaced", task.ImageDone)
	_, _, err := s.SetPicture(t.Context(), ada.Owner, replaced.TaskID, "new", task.ImageDone, nil)
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

// TestNamedReadsNoMoreThanItIsAskedFor counts the rows that the database reads to look up 100 pictures among 2,000 tasks.
func TestNamedReadsNoMoreThanItIsAskedFor(t *testing.T) {
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
	text, args := store.FindNamed(pictures)
	_, err = pool.ExecContext(ctx, text, args...)
	require.NoError(t, err)
	read := handlerReads(t, pool)
	require.GreaterOrEqual(t, read, 100, "the count counts nothing")
	require.LessOrEqual(t, read, 500)
}

// handlerReads is how many rows the storage engine was asked for since FLUSH STATUS on the pool's only connection.
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

func TestPruningKeepsWhatLives(t *testing.T) {
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
	session(-day-time.Minute, 0)      // goes
	session(7*day, -day-time.Minute)  // goes
	session(-2*day, -2*day-time.Hour) // goes
	failure := `INSERT INTO login_failures (subject, failed_at, id) VALUES (UNHEX('02'), UTC_TIMESTAMP(6) - INTERVAL ? MINUTE, ?)`
	for _, minutes := range []int{1, 14, 59, 61, 1000} {
		id := testbed.NewID(t)
		_, err := pool.ExecContext(ctx, failure, minutes, id[:])
		require.NoError(t, err)
	}
	for _, days := range []int{0, 89, 91, 400} {
		insert(`INSERT INTO deleted_tasks (id, user_id, deleted_at) VALUES (?, UNHEX('03'), UTC_TIMESTAMP(6) - INTERVAL ? DAY)`, days)
		insert(`INSERT INTO deleted_users (id, deleted_at) VALUES (?, UTC_TIMESTAMP(6) - INTERVAL ? DAY)`, days)
	}
	for range 501 {
		insert(`INSERT INTO deleted_users (id, deleted_at) VALUES (?, UTC_TIMESTAMP(6) - INTERVAL 1 YEAR)`)
	}

	removed, err := s.Prune(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"endedSessions": 2, "expiredSessions": 1, "loginFailures": 2, "deletedTasks": 2, "deletedUsers": 503}, removed)
	again, err := s.Prune(ctx)
	require.NoError(t, err)
	for what, n := range again {
		require.Zero(t, n, what)
	}
	_, err = s.UserOf(ctx, ada.Owner)
	require.NoError(t, err, "a living session was pruned")
}
