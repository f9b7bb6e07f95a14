package store_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestTasksAreReadAsTheyWereAdded(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	d, err := task.New(task.Draft{Title: "Naïve ☕ 'quoted' \\ % _ \t\n\u200b!", Body: strings.Repeat("é", 32767), DueDate: "2028-02-29"}, time.Now())
	require.NoError(t, err)

	added, err := s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err)
	require.Equal(t, uint32(1), added.Version)
	require.Equal(t, task.ImageNone, added.ImageStatus)

	found, err := s.Task(ctx, ada.Owner, d.ID)
	require.NoError(t, err)
	require.Equal(t, added, found)
}

func TestTasksAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	none, more, err := s.Tasks(ctx, ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.False(t, more)
	require.Empty(t, none)

	for i := range 5 {
		_, err := s.AddTask(ctx, ada.Owner, draft(t, fmt.Sprint(i)))
		require.NoError(t, err)
	}
	all, more, err := s.Tasks(ctx, ada.Owner, task.Filter{Sort: task.ByCreated, Limit: 3})
	require.NoError(t, err)
	require.True(t, more)
	require.Len(t, all, 3)
	for i, want := range []string{"4", "3", "2"} {
		require.Equal(t, want, all[i].Title)
	}
}

func TestAnotherUsersTasksAreNotFound(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "mine"))
	require.NoError(t, err)

	_, err = s.Task(ctx, eve.Owner, mine.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.DeleteTask(ctx, eve.Owner, mine.ID)
	requireFault(t, fault.NotFound, err)
	_, _, err = s.SetPicture(ctx, eve.Owner, mine.ID, "k", 1000, task.ImagePending, nil)
	requireFault(t, fault.NotFound, err)
	all, _, err := s.Tasks(ctx, eve.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Empty(t, all)

	again, err := s.Task(ctx, ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Equal(t, uint32(1), again.Version)
}

func TestCreationWithTheSameIDIsOneTask(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	d := draft(t, "first")
	first, err := s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err)
	d.Title = "second"
	second, err := s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err)
	require.Equal(t, "first", second.Title)
	require.Equal(t, first.CreatedAt, second.CreatedAt)

	others, err := s.AddTask(ctx, eve.Owner, d)
	require.NoError(t, err)
	require.Equal(t, "second", others.Title)
}

func TestADeletedTaskCantBeAddedAgain(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	d := draft(t, "gone")
	_, err := s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err)
	keys, err := s.DeleteTask(ctx, ada.Owner, d.ID)
	require.NoError(t, err)
	require.Empty(t, keys)

	_, err = s.DeleteTask(ctx, ada.Owner, d.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.AddTask(ctx, ada.Owner, d)
	requireFault(t, fault.Conflict, err)
}

func TestADeletionThatFindsNoTaskChangesNothing(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	expired := testbed.SignInAgain(t, s, ada, time.Now().Add(-time.Second)).Owner
	d := draft(t, "not yet")
	_, err := s.DeleteTask(ctx, ada.Owner, d.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err, "an id that no task ever had is free")

	_, err = s.DeleteTask(ctx, expired, d.ID)
	requireFault(t, fault.Unauthorized, err)
	_, err = s.DeleteTask(ctx, eve.Owner, d.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.AddTask(ctx, eve.Owner, d)
	require.NoError(t, err, "an id of another user's task is free")
	_, err = s.Task(ctx, ada.Owner, d.ID)
	require.NoError(t, err)
}

func TestOneOfParallelDeletionsSucceeds(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"without a picture": "", "with a picture": "key"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := testbed.Store(t), context.Background()
			ada := testbed.SignIn(t, s)
			for range 10 {
				d := draft(t, "once")
				_, err := s.AddTask(ctx, ada.Owner, d)
				require.NoError(t, err)
				if key != "" {
					_, _, err = s.SetPicture(ctx, ada.Owner, d.ID, key, 1000, task.ImagePending, nil)
					require.NoError(t, err)
				}
				var wait sync.WaitGroup
				errs := make([]error, 4)
				for i := range errs {
					wait.Go(func() { _, errs[i] = s.DeleteTask(ctx, ada.Owner, d.ID) })
				}
				wait.Wait()
				done := 0
				for _, err := range errs {
					if err == nil {
						done++
						continue
					}
					requireFault(t, fault.NotFound, err)
				}
				require.Equal(t, 1, done, "successful deletions")
			}
		})
	}
}

func TestARepeatedUpdateIsOneUpdate(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	first, err := s.AddTask(ctx, ada.Owner, draft(t, "first"))
	require.NoError(t, err)
	title, other, done := "second", "third", true
	change := task.Change{Title: &title, Completed: &done, Version: &first.Version}
	second, err := s.UpdateTask(ctx, ada.Owner, first.ID, change)
	require.NoError(t, err)
	again, err := s.UpdateTask(ctx, ada.Owner, first.ID, change)
	require.NoError(t, err)
	require.Equal(t, second, again)

	_, err = s.UpdateTask(ctx, ada.Owner, first.ID, task.Change{Title: &other, Completed: &done, Version: &first.Version})
	requireFault(t, fault.Conflict, err)
	third, err := s.UpdateTask(ctx, ada.Owner, first.ID, task.Change{Body: &other, Version: &second.Version})
	require.NoError(t, err)
	_, err = s.UpdateTask(ctx, ada.Owner, first.ID, change)
	requireFault(t, fault.Conflict, err)
	now, err := s.Task(ctx, ada.Owner, first.ID)
	require.NoError(t, err)
	require.Equal(t, third, now)
}

func TestATaskAtItsLastVersionStaysAsItIs(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s, pool := testbed.StoreAt(t, dsn), rows(t, dsn)
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "key", task.ImagePending)
	_, err := pool.Exec(`UPDATE tasks SET version = ? WHERE id = ?`, uint32(math.MaxUint32)-1, p.TaskID[:])
	require.NoError(t, err)
	version, last, title := uint32(math.MaxUint32)-1, uint32(math.MaxUint32), "last"
	before, err := s.UpdateTask(ctx, ada.Owner, p.TaskID, task.Change{Title: &title, Version: &version})
	require.NoError(t, err)
	again, err := s.UpdateTask(ctx, ada.Owner, p.TaskID, task.Change{Title: &title, Version: &version})
	require.NoError(t, err, "a repeated change")
	require.Equal(t, before, again)

	other := "one more"
	for name, write := range map[string]func() error{
		"change": func() error {
			_, err := s.UpdateTask(ctx, ada.Owner, p.TaskID, task.Change{Title: &other, Version: &last})
			return err
		},
		"photo": func() error {
			_, _, err := s.SetPicture(ctx, ada.Owner, p.TaskID, "key-2", 1000, task.ImageDone, pier)
			return err
		},
		"no photo": func() error {
			_, _, err := s.RemovePicture(ctx, ada.Owner, p.TaskID)
			return err
		},
		"labels": func() error {
			_, err := s.SetPredictions(ctx, ada.Owner, p.TaskID, "key", task.ImageDone, pier)
			return err
		},
		"labels by the sweep": func() error {
			_, err := s.SetPendingPredictions(ctx, p, task.ImageDone, pier)
			return err
		},
	} {
		err := write()
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, "last_version", f.Code, name)
		now, err := s.Task(ctx, ada.Owner, p.TaskID)
		require.NoError(t, err)
		require.Equal(t, before, now, name)
		require.Empty(t, notedKeys(t, s, ada), name)
	}
	_, err = s.DeleteTask(ctx, ada.Owner, p.TaskID)
	require.NoError(t, err, "it can be deleted")
}
