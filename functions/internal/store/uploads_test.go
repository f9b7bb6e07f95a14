package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// announce makes the task await a new upload.
func announce(t *testing.T, s *store.Store, owner task.Owner, taskID uuid.UUID) store.Upload {
	t.Helper()
	u := store.Upload{UserID: owner.UserID, TaskID: taskID, ID: testbed.NewID(t)}
	_, err := s.BeginUpload(t.Context(), owner, taskID, u.ID)
	require.NoError(t, err)
	return u
}

func awaits(t *testing.T, s *store.Store, u store.Upload) bool {
	t.Helper()
	awaited, err := s.AwaitsUpload(t.Context(), u)
	require.NoError(t, err)
	return awaited
}

func stored(t *testing.T, s *store.Store, owner task.Owner, id uuid.UUID) task.Task {
	t.Helper()
	now, err := s.Task(t.Context(), owner, id)
	require.NoError(t, err)
	return now
}

func TestAnUploadBecomesThePhoto(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "old", task.ImageDone)

	id := testbed.NewID(t)
	uploading, err := s.BeginUpload(t.Context(), ada.Owner, p.TaskID, id)
	require.NoError(t, err)
	require.True(t, uploading.Uploading)
	require.Equal(t, uint32(3), uploading.Version)
	require.Equal(t, "old", uploading.ImageKey, "the task keeps its photo until then")
	require.Equal(t, stored(t, s, ada.Owner, p.TaskID), uploading)

	u := store.Upload{UserID: ada.UserID, TaskID: p.TaskID, ID: id}
	require.True(t, awaits(t, s, u))
	replaced, err := s.FinishUpload(t.Context(), u, "new", 2000, task.ImageDone, pier)
	require.NoError(t, err)
	require.Equal(t, []string{"old"}, replaced)
	require.Equal(t, replaced, notedKeys(t, s, ada))
	now := stored(t, s, ada.Owner, p.TaskID)
	require.False(t, now.Uploading)
	require.Equal(t, "new", now.ImageKey)
	require.Equal(t, int64(2000), now.ImageBytes)
	require.Equal(t, pier, now.Predictions)
	require.Equal(t, uint32(4), now.Version)
	found, _, err := s.Tasks(t.Context(), ada.Owner, task.Filter{Label: "pier", Sort: task.ByCreated, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []task.Task{now}, found)

	require.False(t, awaits(t, s, u))
	_, err = s.FinishUpload(t.Context(), u, "again", 2000, task.ImageDone, pier)
	require.True(t, store.IsNotAwaited(err), "%v", err)
	requireFault(t, fault.Conflict, err)
	failed, err := s.FailUpload(t.Context(), u, "damaged_image")
	require.NoError(t, err)
	require.False(t, failed)
	require.Equal(t, now, stored(t, s, ada.Owner, p.TaskID))
}

func TestAFailedUploadLeavesThePhotoAndAReason(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "old", task.ImageDone)
	u := announce(t, s, ada.Owner, p.TaskID)
	failed, err := s.FailUpload(t.Context(), u, "damaged_image")
	require.NoError(t, err)
	require.True(t, failed)
	now := stored(t, s, ada.Owner, p.TaskID)
	require.Equal(t, task.UploadError("damaged_image"), now.UploadError)
	require.False(t, now.Uploading)
	require.Equal(t, "old", now.ImageKey)
	require.Equal(t, uint32(4), now.Version)
	require.Empty(t, notedKeys(t, s, ada))

	next := announce(t, s, ada.Owner, p.TaskID)
	require.Empty(t, stored(t, s, ada.Owner, p.TaskID).UploadError, "a new upload clears the error")
	require.False(t, awaits(t, s, u))
	require.True(t, awaits(t, s, next))
}

func TestAWithdrawnUploadIsNotAwaitedAndItsErrorIsForgotten(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	p := withPicture(t, s, ada.Owner, "old", task.ImageDone)
	u := announce(t, s, ada.Owner, p.TaskID)
	_, err := s.WithdrawUpload(t.Context(), eve.Owner, p.TaskID)
	requireFault(t, fault.NotFound, err)
	require.True(t, awaits(t, s, u))

	withdrawn, err := s.WithdrawUpload(t.Context(), ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.False(t, withdrawn.Uploading)
	require.Equal(t, "old", withdrawn.ImageKey, "the photo stays")
	require.Equal(t, stored(t, s, ada.Owner, p.TaskID), withdrawn)
	require.False(t, awaits(t, s, u))
	_, err = s.FinishUpload(t.Context(), u, "late", 1, task.ImageDone, pier)
	require.True(t, store.IsNotAwaited(err), "%v", err)

	again, err := s.WithdrawUpload(t.Context(), ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Equal(t, withdrawn, again, "a repeat changes nothing")

	failed, err := s.FailUpload(t.Context(), announce(t, s, ada.Owner, p.TaskID), "damaged_image")
	require.NoError(t, err)
	require.True(t, failed)
	forgotten, err := s.WithdrawUpload(t.Context(), ada.Owner, p.TaskID)
	require.NoError(t, err)
	require.Empty(t, forgotten.UploadError)
}

func TestOnlyTheLastAnnouncedUploadIsAwaited(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	mine := testbed.AddTask(t, s, ada.Owner)
	first := announce(t, s, ada.Owner, mine.ID)
	second := announce(t, s, ada.Owner, mine.ID)
	require.False(t, awaits(t, s, first))
	_, err := s.FinishUpload(t.Context(), first, "first", 1, task.ImageDone, pier)
	require.True(t, store.IsNotAwaited(err), "%v", err)
	failed, err := s.FailUpload(t.Context(), first, "damaged_image")
	require.NoError(t, err)
	require.False(t, failed)
	require.True(t, awaits(t, s, second))

	for name, other := range map[string]store.Upload{
		"another task": {UserID: ada.UserID, TaskID: testbed.AddTask(t, s, ada.Owner).ID, ID: second.ID},
		"another user": {UserID: testbed.SignIn(t, s).UserID, TaskID: mine.ID, ID: second.ID},
		"no upload":    {UserID: ada.UserID, TaskID: testbed.AddTask(t, s, ada.Owner).ID},
	} {
		require.False(t, awaits(t, s, other), name)
		_, err := s.FinishUpload(t.Context(), other, "key", 1, task.ImageDone, pier)
		require.True(t, store.IsNotAwaited(err), "%s: %v", name, err)
	}
}

func TestAnotherPhotoOrNoneEndsTheWait(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	mine := testbed.AddTask(t, s, ada.Owner)

	u := announce(t, s, ada.Owner, mine.ID)
	direct, _, err := s.SetPicture(t.Context(), ada.Owner, mine.ID, "direct", 1, task.ImagePending, nil)
	require.NoError(t, err)
	require.False(t, direct.Uploading)
	require.False(t, awaits(t, s, u))

	u = announce(t, s, ada.Owner, mine.ID)
	labelled, err := s.SetPredictions(t.Context(), ada.Owner, mine.ID, "direct", task.ImageDone, pier)
	require.NoError(t, err)
	require.True(t, labelled.Uploading, "labels of the photo that the task has are not the one to come")
	plain, keys, err := s.RemovePicture(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"direct"}, keys)
	require.False(t, plain.Uploading)
	require.False(t, awaits(t, s, u))

	announce(t, s, ada.Owner, mine.ID)
	plain, keys, err = s.RemovePicture(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err, "without a photo, the upload alone is removed")
	require.Empty(t, keys)
	require.False(t, plain.Uploading)

	_, err = s.FailUpload(t.Context(), announce(t, s, ada.Owner, mine.ID), "damaged_image")
	require.NoError(t, err)
	plain, _, err = s.RemovePicture(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err, "without a photo, the error alone is removed")
	require.Empty(t, plain.UploadError)
	_, _, err = s.RemovePicture(t.Context(), ada.Owner, mine.ID)
	requireFault(t, fault.NotFound, err)

	u = announce(t, s, ada.Owner, mine.ID)
	_, err = s.DeleteTask(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err)
	require.False(t, awaits(t, s, u))
	_, err = s.FinishUpload(t.Context(), u, "late", 1, task.ImageDone, pier)
	require.True(t, store.IsNotAwaited(err), "%v", err)
}

func TestAnUploadIsAnnouncedOnlyForOnesOwnTask(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	mine := testbed.AddTask(t, s, ada.Owner)
	_, err := s.BeginUpload(t.Context(), eve.Owner, mine.ID, testbed.NewID(t))
	requireFault(t, fault.NotFound, err)
	require.NoError(t, s.EndSession(t.Context(), ada.Owner))
	_, err = s.BeginUpload(t.Context(), ada.Owner, mine.ID, testbed.NewID(t))
	requireFault(t, fault.Unauthorized, err)
}

func TestAUsersTasksAwaitALimitedNumberOfUploads(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s := testbed.StoreAt(t, dsn)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	pictured := withPicture(t, s, ada.Owner, "old", task.ImageDone)
	for range store.MaxAwaited - 1 {
		testbed.AddTask(t, s, ada.Owner)
	}
	testbed.AwaitUploads(t, dsn, ada.UserID)
	refused, other := testbed.AddTask(t, s, ada.Owner), withPicture(t, s, ada.Owner, "other", task.ImageDone)
	for _, id := range []uuid.UUID{refused.ID, other.TaskID} {
		_, err := s.BeginUpload(t.Context(), ada.Owner, id, testbed.NewID(t))
		requireFault(t, fault.Throttled, err)
		require.False(t, stored(t, s, ada.Owner, id).Uploading)
	}
	announce(t, s, eve.Owner, testbed.AddTask(t, s, eve.Owner).ID)

	again := announce(t, s, ada.Owner, pictured.TaskID)
	_, err := s.FinishUpload(t.Context(), again, "new", 2000, task.ImageDone, pier)
	require.NoError(t, err)
	announce(t, s, ada.Owner, refused.ID)
	_, err = s.BeginUpload(t.Context(), ada.Owner, other.TaskID, testbed.NewID(t))
	requireFault(t, fault.Throttled, err)
}

func TestTheUploadInJSON(t *testing.T) {
	t.Parallel()
	mine := draft(t, "a task")
	fields := func() (uploading bool, failed any) {
		text, err := json.Marshal(mine)
		require.NoError(t, err)
		var seen map[string]any
		require.NoError(t, json.Unmarshal(text, &seen))
		require.NotContains(t, seen, "UploadID")
		return seen["uploading"].(bool), seen["uploadError"]
	}
	uploading, failed := fields()
	require.False(t, uploading)
	require.Nil(t, failed)
	mine.SetUpload(testbed.NewID(t), "")
	uploading, _ = fields()
	require.True(t, uploading)
	mine.SetUpload(uuid.Nil, "quota_exceeded")
	uploading, failed = fields()
	require.False(t, uploading)
	require.Equal(t, "quota_exceeded", failed)
}

func TestAwaitedUploadsAreListedByAge(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s := testbed.StoreAt(t, dsn)
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	var want []store.Upload
	for i := range 5 {
		owner := []task.Owner{eve.Owner, ada.Owner}[i%2]
		testbed.AddTask(t, s, owner)
		want = append(want, announce(t, s, owner, testbed.AddTask(t, s, owner).ID))
		time.Sleep(2 * time.Millisecond)
	}
	ended := announce(t, s, ada.Owner, testbed.AddTask(t, s, ada.Owner).ID)
	_, err := s.FailUpload(t.Context(), ended, "damaged_image")
	require.NoError(t, err)
	limit := time.Now()
	time.Sleep(2 * time.Millisecond)
	announce(t, s, ada.Owner, testbed.AddTask(t, s, ada.Owner).ID)

	var listed []store.Upload
	for last := (store.Upload{}); ; {
		page, err := s.AwaitedUploads(t.Context(), limit.Add(time.Millisecond), last, 2)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		listed = append(listed, page...)
		last = page[len(page)-1]
	}
	require.Equal(t, want, listed)
	none, err := s.AwaitedUploads(t.Context(), time.Unix(0, 0), store.Upload{}, 10)
	require.NoError(t, err)
	require.Empty(t, none)
}

// TestAReplicaOfThePreviousVersionLeavesUploadsAlone runs the statements of functions that do not know the columns of uploads.
func TestAReplicaOfThePreviousVersionLeavesUploadsAlone(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, s)
	mine := testbed.AddTask(t, s, ada.Owner)
	u := announce(t, s, ada.Owner, mine.ID)
	id := testbed.NewID(t)
	for text, args := range map[string][]any{
		`UPDATE tasks SET title = 'by an older replica', version = version + 1 WHERE user_id = ? AND id = ?`: {ada.UserID[:], mine.ID[:]},
		`INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_bytes, image_status, predictions)
			VALUES (?, ?, 'older', '', '2026-12-24', FALSE, NOW(6), NOW(6), 1, '', 0, 'none', '[]')`: {ada.UserID[:], id[:]},
	} {
		_, err := rows(t, dsn).Exec(text, args...)
		require.NoError(t, err)
	}
	now := stored(t, s, ada.Owner, id)
	require.False(t, now.Uploading)
	require.Empty(t, now.UploadError)
	_, err := s.FinishUpload(t.Context(), u, "key", 1, task.ImageDone, pier)
	require.NoError(t, err)
	require.Equal(t, "by an older replica", stored(t, s, ada.Owner, mine.ID).Title)
}
