package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestPicturesReplacedAndDeletedAreNoted(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "picture"))
	require.NoError(t, err)
	predictions := []task.Prediction{{Label: "crane", Score: .5}, {Label: "crane", Score: .3}, {Label: "pier", Score: .01}}

	got, replaced, err := s.SetPicture(ctx, ada.Owner, mine.ID, "key-1", 1000, task.ImageDone, predictions)
	require.NoError(t, err)
	require.Empty(t, replaced)
	require.Equal(t, "key-1", got.ImageKey)
	require.Equal(t, task.ImageDone, got.ImageStatus)
	require.Equal(t, predictions, got.Predictions)
	require.Equal(t, uint32(2), got.Version)
	require.GreaterOrEqual(t, got.UpdatedAt, mine.UpdatedAt)

	got, replaced, err = s.SetPicture(ctx, ada.Owner, mine.ID, "key-2", 1000, task.ImagePending, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"key-1"}, replaced)
	require.Empty(t, got.Predictions)

	_, again, err := s.SetPicture(ctx, ada.Owner, mine.ID, "key-2", 1000, task.ImageDone, predictions)
	require.NoError(t, err)
	require.Empty(t, again, "a picture that the task keeps must not be deleted")
	require.Equal(t, []string{"key-1"}, notedKeys(t, s, ada), "a picture that is not confirmed to be deleted stays noted")
	require.NoError(t, s.ForgetDeletion(ctx, store.Picture{UserID: ada.UserID, TaskID: mine.ID, ImageKey: "key-1"}))

	keys, err := s.DeleteTask(ctx, ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"key-2"}, keys)
	require.Equal(t, keys, notedKeys(t, s, ada))
}

func TestRemovedPicturesAreNoted(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "key", task.ImagePending)
	_, err := s.SetPredictions(ctx, ada.Owner, p.TaskID, "another key", task.ImageDone, pier)
	requireFault(t, fault.Conflict, err)
	labelled, err := s.SetPredictions(ctx, ada.Owner, p.TaskID, "key", task.ImageDone, pier)
	require.NoError(t, err)
	require.Equal(t, pier, labelled.Predictions)
	stored, err := s.Task(ctx, ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Equal(t, stored, labelled)
	require.Empty(t, notedKeys(t, s, ada))

	plain, keys, err := s.RemovePicture(ctx, ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Equal(t, []string{"key"}, keys)
	require.Equal(t, keys, notedKeys(t, s, ada))
	stored, err = s.Task(ctx, ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Equal(t, stored, plain)
	require.Equal(t, task.ImageNone, plain.ImageStatus)
	require.Empty(t, plain.Predictions)
	found, _, err := s.Tasks(ctx, ada.Owner, task.Filter{Label: "pier", Sort: task.ByCreated, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, found, "a task is found by the labels of a picture that it no longer has")
	_, _, err = s.RemovePicture(ctx, ada.Owner, p.TaskID)
	requireFault(t, fault.NotFound, err)
}

// notedKeys returns the keys of the person's pictures that are noted for deletion.
func notedKeys(t *testing.T, s *store.Store, ada testbed.Person) (keys []string) {
	t.Helper()
	noted, err := s.NotedDeletions(t.Context(), store.Picture{}, 1000)
	require.NoError(t, err)
	for _, p := range noted {
		if p.UserID == ada.UserID {
			keys = append(keys, p.ImageKey)
		}
	}
	return keys
}

func TestParallelPicturesOfOneTaskAreAllNamedOrNoted(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "picture"))
	require.NoError(t, err)

	const writers = 8
	var wait sync.WaitGroup
	kept := make(chan string, writers)
	for i := range writers {
		wait.Go(func() {
			key := fmt.Sprintf("key-%d", i)
			if _, _, err := s.SetPicture(ctx, ada.Owner, mine.ID, key, 1000, task.ImageDone, []task.Prediction{{Label: "pier", Score: .9}}); err == nil {
				kept <- key
			}
		})
	}
	wait.Wait()
	close(kept)
	acknowledged := []string{}
	for key := range kept {
		acknowledged = append(acknowledged, key)
	}
	require.Len(t, acknowledged, writers, "every writer succeeds")

	now, err := s.Task(ctx, ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Contains(t, acknowledged, now.ImageKey)
	_, err = s.DeleteTask(ctx, ada.Owner, mine.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, acknowledged, notedKeys(t, s, ada), "every picture that a deleted task had is noted")
}

// withPicture adds a task of the owner's with the picture under key.
func withPicture(t *testing.T, s *store.Store, owner task.Owner, key string, status task.ImageStatus) store.Picture {
	t.Helper()
	mine, err := s.AddTask(t.Context(), owner, draft(t, "a task"))
	require.NoError(t, err)
	_, _, err = s.SetPicture(t.Context(), owner, mine.ID, key, 1000, status, nil)
	require.NoError(t, err)
	return store.Picture{UserID: owner.UserID, TaskID: mine.ID, ImageKey: key}
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
	var last store.Picture
	for len(want) > 0 {
		page, err := s.PendingPictures(t.Context(), last, 2)
		require.NoError(t, err)
		require.NotEmpty(t, page)
		for _, p := range page {
			require.True(t, want[p], "%v", p)
			delete(want, p)
			last = p
		}
	}
	page, err := s.PendingPictures(t.Context(), last, 2)
	require.NoError(t, err)
	require.Empty(t, page)
}

func TestAPendingPictureIsLabelledOnce(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "key", task.ImagePending)

	var wait sync.WaitGroup
	changes := make(chan bool, 6)
	for range cap(changes) {
		wait.Go(func() {
			changed, err := s.SetPendingPredictions(ctx, p, task.ImageDone, pier)
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

func TestAReplacedPictureIsNotLabelled(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "key-1", task.ImagePending)
	_, _, err := s.SetPicture(t.Context(), ada.Owner, p.TaskID, "key-2", 1000, task.ImagePending, nil)
	require.NoError(t, err)

	changed, err := s.SetPendingPredictions(t.Context(), p, task.ImageDone, pier)
	require.NoError(t, err)
	require.False(t, changed)
	now, err := s.Task(t.Context(), ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Equal(t, task.ImagePending, now.ImageStatus)
	require.Empty(t, now.Predictions)
}

func TestARefusedPictureHasFailed(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "key", task.ImagePending)
	changed, err := s.SetPendingPredictions(t.Context(), p, task.ImageFailed, nil)
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
		_, _, err := s.SetPicture(t.Context(), ada.Owner, mine.TaskID, fmt.Sprint("key-", i+1), 1000, task.ImageDone, nil)
		require.NoError(t, err)
	}
	_, err := s.DeleteTask(t.Context(), ada.Owner, withPicture(t, s, ada.Owner, "other", task.ImageDone).TaskID)
	require.NoError(t, err)

	var listed []string
	for last := (store.Picture{}); ; {
		page, err := s.NotedDeletions(t.Context(), last, 2)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			listed = append(listed, p.ImageKey)
			last = p
		}
	}
	require.Equal(t, []string{"key-0", "key-1", "key-2", "key-3", "other"}, listed)
}
