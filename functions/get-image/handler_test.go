package function

import (
	"net/http"
	"testing"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestGetImage(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	pictures, _ := testbed.Pictures(t)
	ada, eve := testbed.SignIn(t, tasks), testbed.SignIn(t, tasks)
	mine := testbed.AddTask(t, tasks, ada.Owner)
	f := function.With(&deps{tasks, pictures}, testbed.Verifier())
	get := func(token, query, ifNoneMatch string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodGet, Token: token, Query: query, Header: http.Header{"If-None-Match": {ifNoneMatch}}})
	}
	of := "id=" + mine.ID.String()
	require.Equal(t, "no_picture", get(ada.Token, of, "").Fault(t).Code)

	full, thumb := testbed.JPEG(t), testbed.JPEG(t)[:100]
	key := objects.NewKey(ada.UserID, mine.ID)
	require.NoError(t, pictures.Put(t.Context(), key, full, thumb))
	_, _, err := tasks.SetPicture(t.Context(), ada.Owner, mine.ID, key, 1000, task.ImagePending, nil)
	require.NoError(t, err)

	tags := map[string]bool{}
	for query, want := range map[string][]byte{of: full, of + "&size=full": full, of + "&size=thumb": thumb} {
		answer := get(ada.Token, query, "")
		require.Equal(t, http.StatusOK, answer.Status, query)
		require.Equal(t, want, answer.Body, query)
		require.Equal(t, "image/jpeg", answer.Header.Get("Content-Type"))
		require.Contains(t, answer.Header.Get("Cache-Control"), "private")
		tag := answer.Header.Get("ETag")
		require.NotEmpty(t, tag)
		tags[tag] = true

		again := get(ada.Token, query, tag)
		require.Equal(t, http.StatusNotModified, again.Status)
		require.Empty(t, again.Body)
	}
	require.Len(t, tags, 2, "the sizes have tags of their own")

	require.Equal(t, http.StatusNotFound, get(eve.Token, of, "").Status)
	require.Equal(t, http.StatusUnauthorized, get("", of, "").Status)
	require.Equal(t, http.StatusBadRequest, get(ada.Token, of+"&size=../../etc", "").Status)
	require.Equal(t, http.StatusBadRequest, get(ada.Token, "", "").Status)
}

func TestGetImageIs503WhileTheObjectStoreIsDown(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)
	mine := testbed.AddTask(t, tasks, ada.Owner)
	_, _, err := tasks.SetPicture(t.Context(), ada.Owner, mine.ID, objects.NewKey(ada.UserID, mine.ID), 1000, task.ImagePending, nil)
	require.NoError(t, err)
	f := function.With(&deps{tasks, testbed.NoBucket(t)}, testbed.Verifier())
	answer := testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodGet, Token: ada.Token, Query: "id=" + mine.ID.String()})
	require.Equal(t, http.StatusServiceUnavailable, answer.Status)
	require.NotEmpty(t, answer.Header.Get("Retry-After"))
}
