package function

import (
	"net/http"
	"testing"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestDeleteImage(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	pictures, names := testbed.Pictures(t)
	ada, eve := testbed.SignIn(t, tasks), testbed.SignIn(t, tasks)
	mine := testbed.AddTask(t, tasks, ada.Owner)
	key := objects.NewKey(ada.UserID, mine.ID)
	require.NoError(t, pictures.Put(t.Context(), key, testbed.JPEG(t), testbed.JPEG(t)))
	_, _, err := tasks.SetPicture(t.Context(), ada.Owner, mine.ID, key, 1000, task.ImageDone, []task.Prediction{{Label: "pier", Score: .9}})
	require.NoError(t, err)
	f := function.With(&deps{tasks, pictures}, testbed.Verifier())
	remove := func(token, query string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodDelete, Token: token, Query: query})
	}
	of := "id=" + mine.ID.String()

	require.Equal(t, http.StatusNotFound, remove(eve.Token, of).Status)
	require.Equal(t, http.StatusUnauthorized, remove("", of).Status)
	require.Equal(t, http.StatusBadRequest, remove(ada.Token, "id=x").Status)
	require.Len(t, names(), 2)

	answer := remove(ada.Token, of)
	require.Equal(t, http.StatusOK, answer.Status)
	var got testbed.Task
	answer.JSON(t, &got)
	require.False(t, got.Upload)
	require.Equal(t, "none", got.ImageStatus)
	require.Empty(t, got.Labels)
	require.Empty(t, names())
	found, _, err := tasks.Tasks(t.Context(), ada.Owner, task.Filter{Label: "pier", Sort: task.ByCreated, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, found)

	require.Equal(t, "no_picture", remove(ada.Token, of).Fault(t).Code)
}

func TestATaskAtItsLastVersionKeepsItsPhoto(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	tasks := testbed.StoreAt(t, dsn)
	pictures, names := testbed.Pictures(t)
	ada := testbed.SignIn(t, tasks)
	mine := testbed.AddTask(t, tasks, ada.Owner)
	key := objects.NewKey(ada.UserID, mine.ID)
	require.NoError(t, pictures.Put(t.Context(), key, testbed.JPEG(t), testbed.JPEG(t)))
	_, _, err := tasks.SetPicture(t.Context(), ada.Owner, mine.ID, key, 1000, task.ImageDone, nil)
	require.NoError(t, err)
	testbed.EndVersions(t, dsn)
	f := function.With(&deps{tasks, pictures}, testbed.Verifier())
	answer := testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodDelete, Token: ada.Token, Query: "id=" + mine.ID.String()})
	require.Equal(t, http.StatusConflict, answer.Status)
	require.Equal(t, "last_version", answer.Fault(t).Code)
	require.Len(t, names(), 2)
}
