package deletion

import (
	"testing"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestAPictureThatATaskHasIsNeverDeleted(t *testing.T) {
	t.Parallel()
	db := testbed.Store(t)
	pictures, names := testbed.Pictures(t)
	ada := testbed.SignIn(t, db)
	mine := testbed.AddTask(t, db, ada.Owner)
	p := store.Picture{UserID: ada.UserID, TaskID: mine.ID, ImageKey: objects.NewKey(ada.UserID, mine.ID)}
	require.NoError(t, pictures.Put(t.Context(), p.ImageKey, testbed.JPEG(t), testbed.JPEG(t)))
	_, _, err := db.SetPicture(t.Context(), ada.Owner, mine.ID, p.ImageKey, 1000, task.ImageDone, nil)
	require.NoError(t, err)

	deleted, err := Delete(t.Context(), db, pictures, p)
	require.NoError(t, err)
	require.False(t, deleted)
	CarryOut(t.Context(), db, pictures, p.UserID, p.TaskID, []string{p.ImageKey})
	refusal := fault.New(fault.Unauthorized, "unauthorized", "")
	require.Equal(t, refusal, Unattached(t.Context(), db, pictures, p, refusal))
	require.Len(t, names(), 2)

	_, _, err = db.RemovePicture(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err)
	deleted, err = Delete(t.Context(), db, pictures, p)
	require.NoError(t, err)
	require.True(t, deleted)
	require.Empty(t, names())
	noted, err := db.NotedDeletions(t.Context(), store.Picture{}, 10)
	require.NoError(t, err)
	require.Empty(t, noted)
}

func TestAnUploadWhoseOutcomeIsUnknownStays(t *testing.T) {
	t.Parallel()
	db := testbed.Store(t)
	pictures, names := testbed.Pictures(t)
	ada := testbed.SignIn(t, db)
	mine := testbed.AddTask(t, db, ada.Owner)
	p := store.Picture{UserID: ada.UserID, TaskID: mine.ID, ImageKey: objects.NewKey(ada.UserID, mine.ID)}
	require.NoError(t, pictures.Put(t.Context(), p.ImageKey, testbed.JPEG(t), testbed.JPEG(t)))
	unknown := fault.OutcomeUnknown(nil)
	require.Equal(t, unknown, Unattached(t.Context(), db, pictures, p, unknown))
	require.Len(t, names(), 2)
	refusal := fault.QuotaExceeded("")
	require.Equal(t, refusal, Unattached(t.Context(), db, pictures, p, refusal))
	require.Empty(t, names())
}
