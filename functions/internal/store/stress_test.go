package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestOneOfParallelUpdatesOfAVersionWins(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	mine, err := s.AddTask(t.Context(), ada.Owner, draft(t, "contested"))
	require.NoError(t, err)
	const writers = 6
	for version := uint32(1); version <= 20; version++ {
		var wait sync.WaitGroup
		errs := make([]error, writers)
		for i := range writers {
			wait.Go(func() {
				title := fmt.Sprintf("by %d", i)
				_, errs[i] = s.UpdateTask(context.Background(), ada.Owner, mine.ID, task.Change{Title: &title, Version: &version})
			})
		}
		wait.Wait()
		var winners []string
		for i, err := range errs {
			if err == nil {
				winners = append(winners, fmt.Sprintf("by %d", i))
				continue
			}
			requireFault(t, fault.Conflict, err)
		}
		now, err := s.Task(t.Context(), ada.Owner, mine.ID)
		require.NoError(t, err)
		require.Equal(t, []string{now.Title}, winners)
		require.Equal(t, version+1, now.Version)
	}
}

func TestACancelledUpdateIsDoneOrUnavailable(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	now, err := s.AddTask(t.Context(), ada.Owner, draft(t, "a task"))
	require.NoError(t, err)
	for i := range 60 {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(time.Duration(i)*100*time.Microsecond, cancel)
		title := fmt.Sprint("title ", i)
		_, err := s.UpdateTask(ctx, ada.Owner, now.ID, task.Change{Title: &title, Version: &now.Version})
		timer.Stop()
		cancel()
		want := now.Version + 1
		if err != nil {
			requireFault(t, fault.Unavailable, err)
			want = now.Version
		}
		now, err = s.Task(t.Context(), ada.Owner, now.ID)
		require.NoError(t, err)
		require.Equal(t, want, now.Version, "cancelled after %d00 µs", i)
	}
}

// TestNoPictureIsLost sets, labels, removes and deletes pictures of one task concurrently: in the end, each must be the task's
// or noted for deletion.
func TestNoPictureIsLost(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s, ctx := testbed.StoreAt(t, dsn), context.Background()
	ada := testbed.SignIn(t, s)
	for round := range 15 {
		mine, err := s.AddTask(ctx, ada.Owner, draft(t, "contested"))
		require.NoError(t, err)
		var wait sync.WaitGroup
		var mutex sync.Mutex
		stored := []store.Picture{}
		for i := range 6 {
			key := fmt.Sprintf("key-%d-%d", round, i)
			wait.Go(func() {
				_, _, err := s.SetPicture(ctx, ada.Owner, mine.ID, key, 1000, task.ImagePending, pier)
				if err != nil {
					requireFault(t, fault.NotFound, err)
					return
				}
				mutex.Lock()
				stored = append(stored, store.Picture{UserID: ada.UserID, TaskID: mine.ID, ImageKey: key})
				mutex.Unlock()
			})
			wait.Go(func() {
				_, err := s.SetPendingPredictions(ctx, store.Picture{UserID: ada.UserID, TaskID: mine.ID, ImageKey: key}, task.ImageDone, pier)
				require.NoError(t, err)
			})
		}
		wait.Go(func() {
			if _, _, err := s.RemovePicture(ctx, ada.Owner, mine.ID); err != nil {
				requireFault(t, fault.NotFound, err)
			}
		})
		deleted := round%3 > 0
		if deleted {
			wait.Go(func() {
				_, err := s.DeleteTask(ctx, ada.Owner, mine.ID)
				require.NoError(t, err)
			})
		}
		wait.Wait()
		named, err := s.Named(ctx, stored)
		require.NoError(t, err)
		for _, p := range stored {
			require.True(t, named[p.ImageKey], p.ImageKey)
		}
		if deleted {
			var labels int
			require.NoError(t, rows(t, dsn).QueryRow(`SELECT COUNT(*) FROM task_labels WHERE task_id = ?`, mine.ID[:]).Scan(&labels))
			require.Zero(t, labels, "labels of a deleted task")
		}
	}
}

func TestADeletedUserLeavesNothingEvenFromParallelCalls(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s, ctx := testbed.StoreAt(t, dsn), context.Background()
	pool := rows(t, dsn)
	for range 5 {
		ada := testbed.SignIn(t, s)
		second := testbed.SignInAgain(t, s, ada, time.Now().Add(time.Hour))
		var wait sync.WaitGroup
		for i, owner := range []task.Owner{ada.Owner, ada.Owner, second.Owner} {
			wait.Go(func() {
				for {
					d := draft(t, "a task")
					if _, err := s.AddTask(ctx, owner, d); err != nil {
						requireFault(t, fault.Unauthorized, err)
						return
					}
					_, _, err := s.SetPicture(ctx, owner, d.ID, fmt.Sprintf("key-%d", i), 1000, task.ImageDone, pier)
					if err == nil && i == 0 {
						_, err = s.DeleteTask(ctx, owner, d.ID)
					}
					if err != nil {
						requireFault(t, fault.Unauthorized, err)
						return
					}
				}
			})
		}
		wait.Go(func() {
			for {
				owner := task.Owner{UserID: ada.UserID, SessionID: testbed.NewID(t)}
				if err := s.AddSession(ctx, owner, "none", time.Now().Add(time.Hour)); err != nil {
					requireFault(t, fault.Unauthorized, err)
					return
				}
			}
		})
		time.Sleep(50 * time.Millisecond)
		require.NoError(t, s.DeleteUser(ctx, ada.Owner, "none"))
		_, err := s.EmptyUser(ctx, ada.UserID)
		require.NoError(t, err)
		wait.Wait()
		for _, table := range []string{"sessions", "tasks", "task_labels", "deleted_tasks"} {
			var left int
			require.NoError(t, pool.QueryRow(`SELECT COUNT(*) FROM `+table+` WHERE user_id = ?`, ada.UserID[:]).Scan(&left))
			require.Zero(t, left, table)
		}
	}
}

func TestOneOfParallelPasswordChangesWins(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	for range 5 {
		ada := testbed.SignIn(t, s)
		var wait sync.WaitGroup
		errs := make([]error, 4)
		mine := make([]testbed.Person, len(errs))
		for i := range errs {
			mine[i] = testbed.SignInAgain(t, s, ada, time.Now().Add(time.Hour))
		}
		for i := range errs {
			wait.Go(func() { errs[i] = s.ChangePassword(ctx, mine[i].Owner, "none", fmt.Sprint("new ", i)) })
		}
		wait.Wait()
		won := 0
		for i, err := range errs {
			user, sessionErr := s.UserOf(ctx, mine[i].Owner)
			if err == nil {
				won++
				require.NoError(t, sessionErr, "the session that changed the password must stay valid")
				require.Equal(t, fmt.Sprint("new ", i), user.PasswordHash)
				continue
			}
			requireFault(t, fault.Unauthorized, err)
			requireFault(t, fault.Unauthorized, sessionErr)
		}
		require.Equal(t, 1, won)
		_, err := s.UserOf(ctx, ada.Owner)
		requireFault(t, fault.Unauthorized, err)
	}
}
