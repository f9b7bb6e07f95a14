package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// kept returns the user's row in user_usage.
func kept(t *testing.T, pool *sql.DB, userID uuid.UUID) (u store.Usage) {
	t.Helper()
	err := pool.QueryRow(`SELECT tasks, text_bytes, photos, photo_bytes FROM user_usage WHERE user_id = ?`, userID[:]).Scan(&u.Tasks, &u.TextBytes, &u.Photos, &u.PhotoBytes)
	if !errors.Is(err, sql.ErrNoRows) {
		require.NoError(t, err)
	}
	return u
}

// taken counts what the tasks of a user take.
func taken(t *testing.T, s *store.Store, owner task.Owner) (u store.Usage) {
	t.Helper()
	all, more, err := s.Tasks(t.Context(), owner, testbed.Everything())
	require.NoError(t, err)
	require.False(t, more)
	for _, one := range all {
		u.Tasks++
		u.TextBytes += int64(len(one.Title) + len(one.Body))
		if one.Upload {
			u.Photos++
			u.PhotoBytes += one.ImageBytes
		}
	}
	return u
}

func TestUsageFollowsEveryWrite(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s, pool := testbed.StoreAt(t, dsn), rows(t, dsn)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	_, err := s.AddTask(ctx, eve.Owner, draft(t, "hers"))
	require.NoError(t, err)
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	text := func() string { return strings.Repeat("é", 1+random.IntN(40)) }
	var ids []uuid.UUID
	for step := range 150 {
		if len(ids) < 3 {
			d := draft(t, text())
			_, err := s.AddTask(ctx, ada.Owner, d)
			require.NoError(t, err)
			_, err = s.AddTask(ctx, ada.Owner, d) // repeated
			require.NoError(t, err)
			ids = append(ids, d.ID)
		}
		i := random.IntN(len(ids))
		now, err := s.Task(ctx, ada.Owner, ids[i])
		require.NoError(t, err)
		what := random.IntN(6)
		switch what {
		case 0:
			title, body := text(), text()
			_, err = s.UpdateTask(ctx, ada.Owner, ids[i], task.Change{Title: &title, Body: &body, Version: &now.Version})
		case 1:
			done := !now.Completed
			_, err = s.UpdateTask(ctx, ada.Owner, ids[i], task.Change{Completed: &done, Version: &now.Version})
		case 2:
			_, _, err = s.SetPicture(ctx, ada.Owner, ids[i], fmt.Sprint("key-", step), random.Int64N(1<<20), task.ImageDone, pier)
		case 3:
			_, _, err = s.RemovePicture(ctx, ada.Owner, ids[i])
			if fault.Is(err, fault.NotFound) {
				err = nil
			}
		case 4:
			if now.Upload {
				_, err = s.SetPredictions(ctx, ada.Owner, ids[i], now.ImageKey, task.ImageDone, pier)
			}
		case 5:
			_, err = s.DeleteTask(ctx, ada.Owner, ids[i])
			ids = append(ids[:i], ids[i+1:]...)
		}
		require.NoError(t, err)
		require.Equal(t, taken(t, s, ada.Owner), kept(t, pool, ada.UserID), "seed %d, step %d, kind %d", seed, step, what)
	}
	require.Equal(t, store.Usage{Tasks: 1, TextBytes: 4}, kept(t, pool, eve.UserID))
}

func TestAWriteAboveAQuotaIsRefused(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	free := testbed.StoreAt(t, dsn)
	pool := rows(t, dsn)
	for name, c := range map[string]struct {
		quota   store.Usage // of a user who has a task of 4 bytes with a photo of 1,000 bytes, and one without
		message string
		write   func(s *store.Store, owner task.Owner, plain task.Task) error
	}{
		"tasks": {store.Usage{Tasks: 2}, "2 tasks", func(s *store.Store, owner task.Owner, _ task.Task) error {
			_, err := s.AddTask(ctx, owner, draft(t, "more"))
			return err
		}},
		"text of a new task": {store.Usage{TextBytes: 8}, "8 bytes of text", func(s *store.Store, owner task.Owner, _ task.Task) error {
			_, err := s.AddTask(ctx, owner, draft(t, "x"))
			return err
		}},
		"text of a change": {store.Usage{TextBytes: 1024}, "1 KiB of text", func(s *store.Store, owner task.Owner, plain task.Task) error {
			body := strings.Repeat("é", 509)
			_, err := s.UpdateTask(ctx, owner, plain.ID, task.Change{Body: &body, Version: &plain.Version})
			return err
		}},
		"photos": {store.Usage{Photos: 1}, "1 photos", func(s *store.Store, owner task.Owner, plain task.Task) error {
			_, _, err := s.SetPicture(ctx, owner, plain.ID, "more", 1, task.ImageDone, pier)
			return err
		}},
		"bytes of photos": {store.Usage{PhotoBytes: 1999}, "1999 bytes of photos", func(s *store.Store, owner task.Owner, plain task.Task) error {
			_, _, err := s.SetPicture(ctx, owner, plain.ID, "more", 1000, task.ImageDone, pier)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			ada := testbed.SignIn(t, free)
			pictured := withPicture(t, free, ada.Owner, "key", task.ImageDone)
			_, err := pool.Exec(`UPDATE tasks SET title = 'mine' WHERE id = ?`, pictured.TaskID[:])
			require.NoError(t, err)
			plain, err := free.AddTask(ctx, ada.Owner, draft(t, "mine"))
			require.NoError(t, err)
			_, err = pool.Exec(`DELETE FROM user_usage WHERE user_id = ?`, ada.UserID[:]) // it is counted at the first write
			require.NoError(t, err)
			before := taken(t, free, ada.Owner)
			require.Equal(t, store.Usage{Tasks: 2, TextBytes: 8, Photos: 1, PhotoBytes: 1000}, before)

			limited := testbed.LimitedStore(t, dsn, c.quota)
			for range 2 { // without a row in user_usage, and with one
				err = c.write(limited, ada.Owner, plain)
				var f *fault.Error
				require.ErrorAs(t, err, &f)
				require.Equal(t, "quota_exceeded", f.Code)
				require.Contains(t, f.Message, c.message)
				require.Equal(t, before, taken(t, free, ada.Owner))
				require.Empty(t, notedKeys(t, free, ada))
				done := !plain.Completed
				plain, err = limited.UpdateTask(ctx, ada.Owner, plain.ID, task.Change{Completed: &done, Version: &plain.Version})
				require.NoError(t, err, "a change that takes no more must be possible")
				short := plain.Title[:len(plain.Title)-1]
				plain, err = limited.UpdateTask(ctx, ada.Owner, plain.ID, task.Change{Title: &short, Version: &plain.Version})
				require.NoError(t, err, "a change that takes less must be possible")
				longer := plain.Title + "x"
				plain, err = free.UpdateTask(ctx, ada.Owner, plain.ID, task.Change{Title: &longer, Version: &plain.Version})
				require.NoError(t, err)
			}
			again, err := limited.AddTask(ctx, ada.Owner, plain)
			require.NoError(t, err, "a repeated creation must return the first task")
			require.Equal(t, plain, again)

			_, err = limited.DeleteTask(ctx, ada.Owner, pictured.TaskID)
			require.NoError(t, err)
			require.NoError(t, c.write(limited, ada.Owner, plain), "there is room again")
			require.Equal(t, taken(t, free, ada.Owner), kept(t, pool, ada.UserID))
		})
	}
}

func TestParallelWritesOfTwoReplicasStayWithinTheQuota(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	const quota = 10
	replicas := []*store.Store{testbed.LimitedStore(t, dsn, store.Usage{Tasks: quota}), testbed.LimitedStore(t, dsn, store.Usage{Tasks: quota})}
	ada := testbed.SignIn(t, replicas[0])
	room := quota
	for round := range 3 { // in the first, the user has no row in user_usage
		var wait sync.WaitGroup
		errs := make([]error, 2*quota)
		for i := range errs {
			d := draft(t, "a task")
			wait.Go(func() { _, errs[i] = replicas[i%2].AddTask(ctx, ada.Owner, d) })
		}
		wait.Wait()
		added := 0
		for _, err := range errs {
			if err == nil {
				added++
				continue
			}
			requireFault(t, fault.Forbidden, err)
		}
		all, _, err := replicas[0].Tasks(ctx, ada.Owner, testbed.Everything())
		require.NoError(t, err)
		require.Len(t, all, quota)
		require.Equal(t, room, added, "round %d", round)
		room = 3 + round
		for i := range room {
			_, err := replicas[1].DeleteTask(ctx, ada.Owner, all[i].ID)
			require.NoError(t, err)
		}
	}
}

func TestTheSweepCountsAgainWhatAnOlderVersionLeftOut(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s, pool := testbed.StoreAt(t, dsn), rows(t, dsn)
	ada, eve, gone := testbed.SignIn(t, s), testbed.SignIn(t, s), testbed.SignIn(t, s)
	for _, p := range []testbed.Person{ada, eve, gone} {
		withPicture(t, s, p.Owner, "key", task.ImageDone)
	}
	mine := withPicture(t, s, ada.Owner, "key-2", task.ImagePending)
	_, err := s.SetPendingPredictions(ctx, mine, task.ImageDone, pier)
	require.NoError(t, err)
	// The statements of the version before.
	for _, text := range []string{
		`INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)
			VALUES (?, UNHEX('01'), 'a task', '', '2026-01-01', 0, '2026-01-01', '2026-01-01', 1, 'key-3', 'done', '[]')`,
		`INSERT INTO task_labels (user_id, task_id, label) VALUES (?, UNHEX('01'), 'pier')`,
	} {
		_, err := pool.Exec(text, ada.UserID[:])
		require.NoError(t, err)
	}
	counted, _, err := s.Recount(ctx, 10)
	require.NoError(t, err)
	require.Zero(t, counted, "a user is counted again after a day")

	_, err = pool.Exec(`UPDATE user_usage SET counted_at = UTC_TIMESTAMP(6) - INTERVAL 25 HOUR WHERE user_id IN (?, ?)`, ada.UserID[:], eve.UserID[:])
	require.NoError(t, err)
	counted, corrected, err := s.Recount(ctx, 10)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{counted, corrected})
	require.Equal(t, taken(t, s, ada.Owner), kept(t, pool, ada.UserID))
	found, _, err := s.Tasks(ctx, ada.Owner, task.Filter{Label: "pier", Sort: task.ByCreated, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, mine.TaskID, found[0].ID)
	var labels int
	require.NoError(t, pool.QueryRow(`SELECT COUNT(*) FROM task_labels WHERE created_at = '2026-01-01'`).Scan(&labels))
	require.Equal(t, 1, labels)

	counted, _, err = s.Recount(ctx, 10)
	require.NoError(t, err)
	require.Zero(t, counted)
	require.Equal(t, taken(t, s, gone.Owner), kept(t, pool, gone.UserID))
}

func TestARecountDuringWritesLosesNone(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s, pool := testbed.StoreAt(t, dsn), rows(t, dsn)
	ada := testbed.SignIn(t, s)
	_, err := s.AddTask(ctx, ada.Owner, draft(t, "a task"))
	require.NoError(t, err)
	stop := time.Now().Add(time.Second)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for time.Now().Before(stop) {
				if _, err := s.AddTask(ctx, ada.Owner, draft(t, "a task")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for time.Now().Before(stop) {
		_, err := pool.Exec(`UPDATE user_usage SET counted_at = '2026-01-01' WHERE user_id = ?`, ada.UserID[:])
		require.NoError(t, err)
		_, _, err = s.Recount(ctx, 10)
		require.NoError(t, err)
	}
	wait.Wait()
	var tasks int64
	require.NoError(t, pool.QueryRow(`SELECT COUNT(*) FROM tasks WHERE user_id = ?`, ada.UserID[:]).Scan(&tasks))
	require.Equal(t, tasks, kept(t, pool, ada.UserID).Tasks)
}
