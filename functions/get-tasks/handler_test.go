package function

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func getAt(t *testing.T, tasks *store.Store) func(token, method, query string) testbed.Answer {
	f := function.With(&deps{tasks, newSearches(time.Minute)}, testbed.Verifier())
	return func(token, method, query string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: method, Token: token, Query: query})
	}
}

func add(t *testing.T, tasks *store.Store, owner task.Owner, title string) task.Task {
	t.Helper()
	d, err := task.New(task.Draft{Title: title, DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	added, err := tasks.AddTask(t.Context(), owner, d)
	require.NoError(t, err)
	return added
}

func TestGetListsOnlyMineNewestFirst(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada, eve := testbed.SignIn(t, tasks), testbed.SignIn(t, tasks)
	get := getAt(t, tasks)
	require.Equal(t, "[]", string(get(ada.Token, http.MethodGet, "").Body))

	for i := range 3 {
		add(t, tasks, ada.Owner, fmt.Sprint(i))
	}
	add(t, tasks, eve.Owner, "hers")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		answer := get(ada.Token, method, "limit=2")
		require.Equal(t, http.StatusOK, answer.Status)
		var got []testbed.Task
		answer.JSON(t, &got)
		require.Len(t, got, 2)
		require.Equal(t, "2", got[0].Title)
		require.Equal(t, "1", got[1].Title)
	}
}

func TestGetOne(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada, eve := testbed.SignIn(t, tasks), testbed.SignIn(t, tasks)
	mine := add(t, tasks, ada.Owner, "mine")
	predictions := []task.Prediction{{Label: "pier", Score: .25}, {Label: "lakeside", Score: .01}}
	_, _, err := tasks.SetPicture(t.Context(), ada.Owner, mine.ID, "key", 1000, task.ImageDone, predictions)
	require.NoError(t, err)
	get := getAt(t, tasks)

	answer := get(ada.Token, http.MethodGet, "id="+mine.ID.String())
	require.Equal(t, http.StatusOK, answer.Status)
	var got testbed.Task
	answer.JSON(t, &got)
	require.Equal(t, "mine", got.Title)
	require.True(t, got.Upload)
	require.Equal(t, "done", got.ImageStatus)
	require.Equal(t, []string{"pier", "lakeside"}, got.Labels)
	require.Equal(t, .25, got.Predictions[0].Score)

	require.Equal(t, http.StatusNotFound, get(eve.Token, http.MethodGet, "id="+mine.ID.String()).Status)
	require.Equal(t, http.StatusUnauthorized, get("", http.MethodGet, "id="+mine.ID.String()).Status)
}

func TestGetRefuses(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)
	get := getAt(t, tasks)
	one := "id=" + add(t, tasks, ada.Owner, "mine").ID.String()
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=1001": "limit", "limit=x": "limit", "id=": "id", "id=7": "id", "colour=red": "colour",
		"label=pier&label=dock": "label", one + "&" + one: "id", one + "&sort=up": "sort",
	} {
		answer := get(ada.Token, http.MethodGet, query)
		require.Equal(t, http.StatusBadRequest, answer.Status, query)
		require.Contains(t, answer.Fault(t).Fields, field, query)
	}
	answer := get(ada.Token, http.MethodDelete, "")
	require.Equal(t, http.StatusMethodNotAllowed, answer.Status)
	require.Equal(t, "GET, POST, OPTIONS", answer.Header.Get("Allow"))
	require.Equal(t, http.StatusUnauthorized, get("", http.MethodGet, "").Status)
}
