package function

import (
	"net/http"
	"testing"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func deleteAt(t *testing.T, tasks *store.Store, pictures *objects.Store) func(token, query string) testbed.Answer {
	f := function.With(&deps{tasks, pictures}, testbed.Verifier())
	return func(token, query string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodDelete, Token: token, Query: query})
	}
}

func addTask(t *testing.T, tasks *store.Store, owner task.Owner) task.Task {
	t.Helper()
	added := testbed.AddTask(t, tasks, owner)
	return added
}

func attach(t *testing.T, tasks *store.Store, pictures *objects.Store, owner task.Owner, of task.Task) {
	t.Helper()
	key := objects.NewKey(owner.UserID, of.ID)
	require.NoError(t, pictures.Put(t.Context(), key, testbed.JPEG(t), testbed.JPEG(t)))
	_, _, err := tasks.SetPicture(t.Context(), owner, of.ID, key, 1000, task.ImagePending, nil)
	require.NoError(t, err)
}

func TestDeleteRemovesTheTaskAndItsPhoto(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	pictures, names := testbed.Pictures(t)
	ada := testbed.SignIn(t, tasks)
	gone, stays := addTask(t, tasks, ada.Owner), addTask(t, tasks, ada.Owner)
	attach(t, tasks, pictures, ada.Owner, gone)
	attach(t, tasks, pictures, ada.Owner, stays)
	require.Len(t, names(), 4)
	remove := deleteAt(t, tasks, pictures)

	answer := remove(ada.Token, "id="+gone.ID.String())
	require.Equal(t, http.StatusOK, answer.Status)
	require.JSONEq(t, `{"deleted": "`+gone.ID.String()+`"}`, string(answer.Body))
	require.Len(t, names(), 2)
	require.Empty(t, testbed.OfTask(names(), gone.ID.String()))

	require.Equal(t, http.StatusNotFound, remove(ada.Token, "id="+gone.ID.String()).Status)
	left, _, err := tasks.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestDeleteSucceedsWhileTheObjectStoreIsDown(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	pictures, _ := testbed.Pictures(t)
	ada := testbed.SignIn(t, tasks)
	gone := addTask(t, tasks, ada.Owner)
	attach(t, tasks, pictures, ada.Owner, gone)

	require.Equal(t, http.StatusOK, deleteAt(t, tasks, testbed.NoBucket(t))(ada.Token, "id="+gone.ID.String()).Status)
	_, err := tasks.Task(t.Context(), ada.Owner, gone.ID)
	require.Error(t, err)
}

func TestDeleteRefuses(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	pictures, names := testbed.Pictures(t)
	ada, eve := testbed.SignIn(t, tasks), testbed.SignIn(t, tasks)
	mine := addTask(t, tasks, ada.Owner)
	attach(t, tasks, pictures, ada.Owner, mine)
	remove := deleteAt(t, tasks, pictures)

	require.Equal(t, http.StatusNotFound, remove(eve.Token, "id="+mine.ID.String()).Status)
	require.Equal(t, http.StatusUnauthorized, remove("", "id="+mine.ID.String()).Status)
	require.Equal(t, http.StatusBadRequest, remove(ada.Token, "").Status)
	require.Equal(t, http.StatusBadRequest, remove(ada.Token, "id=1%20OR%201=1").Status)
	require.Len(t, names(), 2)
	_, err := tasks.Task(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err)
}
