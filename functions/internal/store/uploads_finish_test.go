package store_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// TestOneOfParallelFinishesWins delivers the same event several times at once, together with a failure and the next upload.
func TestOneOfParallelFinishesWins(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s, ctx := testbed.StoreAt(t, dsn), context.Background()
	ada := testbed.SignIn(t, s)
	for round := range 15 {
		mine := testbed.AddTask(t, s, ada.Owner)
		u := announce(t, s, ada.Owner, mine.ID)
		var wait sync.WaitGroup
		var mutex sync.Mutex
		var won []string
		win := func(key string) {
			mutex.Lock()
			defer mutex.Unlock()
			won = append(won, key)
		}
		for i := range 6 {
			key := fmt.Sprintf("key-%d-%d", round, i)
			wait.Go(func() {
				if _, err := s.FinishUpload(ctx, u, key, 1000, task.ImageDone, pier); err == nil {
					win(key)
				} else {
					require.True(t, store.IsNotAwaited(err), "%v", err)
				}
			})
		}
		if round%3 == 1 {
			wait.Go(func() {
				if failed, err := s.FailUpload(ctx, u, "damaged_image"); failed {
					win("")
				} else {
					require.NoError(t, err)
				}
			})
		}
		if round%3 == 2 {
			wait.Go(func() { announce(t, s, ada.Owner, mine.ID) })
		}
		wait.Wait()
		require.False(t, awaits(t, s, u))
		now := stored(t, s, ada.Owner, mine.ID)
		if round%3 == 2 {
			require.LessOrEqual(t, len(won), 1)
			require.True(t, now.Uploading)
			require.Equal(t, 3+len(won), int(now.Version))
			continue
		}
		require.Equal(t, []string{now.ImageKey}, won)
		require.Equal(t, uint32(3), now.Version, "created, announced, ended once")
	}
	photos, err := s.NotedDeletions(ctx, store.Picture{}, 10)
	require.NoError(t, err)
	require.Empty(t, photos, "a key that lost was never a task's")
	var labels int
	require.NoError(t, rows(t, dsn).QueryRow(`SELECT COUNT(*) FROM task_labels l WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = l.task_id AND t.image_status = 'done')`).Scan(&labels))
	require.Zero(t, labels)
}

func TestAFinishedUploadCountsAndKeepsToTheQuota(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s := testbed.LimitedStore(t, dsn, store.Usage{Photos: 1, PhotoBytes: 5000})
	ada := testbed.SignIn(t, s)
	one, two := testbed.AddTask(t, s, ada.Owner), testbed.AddTask(t, s, ada.Owner)
	u := announce(t, s, ada.Owner, two.ID)
	_, err := s.FinishUpload(t.Context(), announce(t, s, ada.Owner, one.ID), "one", 4000, task.ImageDone, nil)
	require.NoError(t, err)
	var photos, bytes int
	require.NoError(t, rows(t, dsn).QueryRow(`SELECT photos, photo_bytes FROM user_usage`).Scan(&photos, &bytes))
	require.Equal(t, []int{1, 4000}, []int{photos, bytes})

	_, err = s.FinishUpload(t.Context(), u, "two", 1, task.ImageDone, nil)
	requireFault(t, fault.Forbidden, err)
	_, err = s.BeginUpload(t.Context(), ada.Owner, two.ID, testbed.NewID(t))
	requireFault(t, fault.Forbidden, err)
	require.True(t, awaits(t, s, u), "nothing has changed")
	_, err = s.FinishUpload(t.Context(), announce(t, s, ada.Owner, one.ID), "large", 5001, task.ImageDone, nil)
	requireFault(t, fault.Forbidden, err)
	_, err = s.FinishUpload(t.Context(), announce(t, s, ada.Owner, one.ID), "small", 100, task.ImageDone, nil)
	require.NoError(t, err)
	require.NoError(t, rows(t, dsn).QueryRow(`SELECT photos, photo_bytes FROM user_usage`).Scan(&photos, &bytes))
	require.Equal(t, []int{1, 100}, []int{photos, bytes})
}

func TestALateFinishOfADeletedUserLeavesNothing(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, s)
	before := announce(t, s, ada.Owner, testbed.AddTask(t, s, ada.Owner).ID)
	after := announce(t, s, ada.Owner, testbed.AddTask(t, s, ada.Owner).ID)
	require.NoError(t, s.DeleteUser(t.Context(), ada.Owner, "none"))
	_, err := s.FinishUpload(t.Context(), before, "key", 1000, task.ImageDone, pier)
	require.NoError(t, err)
	_, err = s.EmptyUser(t.Context(), ada.UserID)
	require.NoError(t, err)
	require.Equal(t, []string{"key"}, notedKeys(t, s, ada))
	_, err = s.FinishUpload(t.Context(), after, "late", 1000, task.ImageDone, pier)
	require.True(t, store.IsNotAwaited(err), "%v", err)
	for _, table := range []string{"tasks", "task_labels", "user_usage"} {
		var left int
		require.NoError(t, rows(t, dsn).QueryRow(`SELECT COUNT(*) FROM `+table).Scan(&left))
		require.Zero(t, left, table)
	}
}

func TestATaskAtItsLastVersionDoesNotWaitForever(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, s)
	u := announce(t, s, ada.Owner, testbed.AddTask(t, s, ada.Owner).ID)
	testbed.EndVersions(t, dsn)
	_, err := s.FinishUpload(t.Context(), u, "key", 1, task.ImageDone, pier)
	requireFault(t, fault.Conflict, err)
	require.False(t, store.IsNotAwaited(err))
	failed, err := s.FailUpload(t.Context(), u, "last_version")
	require.NoError(t, err)
	require.True(t, failed)
	now := stored(t, s, ada.Owner, u.TaskID)
	require.Equal(t, uint32(math.MaxUint32), now.Version)
	require.Equal(t, task.UploadError("last_version"), now.UploadError)
}
