package function

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada, eve := testbed.SignIn(t, tasks), testbed.SignIn(t, tasks)
	d, err := task.New(task.Draft{Title: "a task", Body: "its body", DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	mine, err := tasks.AddTask(t.Context(), ada.Owner, d)
	require.NoError(t, err)
	f := function.With(&deps{tasks}, testbed.Verifier())
	update := func(token, query, body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPatch, Token: token, Query: query, Body: []byte(body)})
	}
	of := "id=" + mine.ID.String()

	answer := update(ada.Token, of, `{"completed": true, "version": 1}`)
	require.Equal(t, http.StatusOK, answer.Status)
	var got testbed.Task
	answer.JSON(t, &got)
	require.True(t, got.Completed)
	require.Equal(t, "a task", got.Title, "other pictures stay")
	require.Equal(t, 2, got.Version)

	stale := update(ada.Token, of, `{"title": "lost", "version": 1}`)
	require.Equal(t, http.StatusConflict, stale.Status)
	require.Equal(t, "stale_version", stale.Fault(t).Code)

	answer = update(ada.Token, of, `{"title": " new ", "body": "", "dueDate": "2027-01-01", "completed": false, "version": 2}`)
	require.Equal(t, http.StatusOK, answer.Status)
	answer.JSON(t, &got)
	require.Equal(t, []any{"new", "", "2027-01-01", false, 3}, []any{got.Title, got.Body, got.DueDate, got.Completed, got.Version})

	require.Equal(t, http.StatusNotFound, update(eve.Token, of, `{"title": "hers", "version": 3}`).Status)
	require.Equal(t, http.StatusUnauthorized, update("", of, `{"title": "x", "version": 3}`).Status)
	for _, body := range []string{`{"version": 3}`, `{"title": "x"}`, `{"title": "", "version": 3}`, `{"version": -1, "title": "x"}`, `{"id": "x", "version": 3}`, ``} {
		require.Equal(t, http.StatusBadRequest, update(ada.Token, of, body).Status, body)
	}
	stored, err := tasks.Task(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Equal(t, uint32(3), stored.Version)
}

func TestARepeatedUpdateReturnsTheTask(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)
	mine := testbed.AddTask(t, tasks, ada.Owner)
	f := function.With(&deps{tasks}, testbed.Verifier())
	update := func(body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPatch, Token: ada.Token, Query: "id=" + mine.ID.String(), Body: []byte(body)})
	}
	first := update(`{"title": " changed ", "completed": true, "version": 1}`)
	again := update(`{"title": "changed", "completed": true, "version": 1}`)
	require.Equal(t, http.StatusOK, again.Status)
	require.Equal(t, string(first.Body), string(again.Body))
	require.Equal(t, http.StatusConflict, update(`{"title": "another", "completed": true, "version": 1}`).Status)
}

func TestAnUpdateThatCantBeSavedChangesNothing(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	tasks := testbed.LimitedStore(t, dsn, store.Usage{TextBytes: 100})
	ada := testbed.SignIn(t, tasks)
	mine := testbed.AddTask(t, tasks, ada.Owner)
	f := function.With(&deps{tasks}, testbed.Verifier())
	update := func(body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPatch, Token: ada.Token, Query: "id=" + mine.ID.String(), Body: []byte(body)})
	}
	answer := update(`{"body": "` + strings.Repeat("x", 100) + `", "version": 1}`)
	require.Equal(t, http.StatusForbidden, answer.Status)
	require.Equal(t, "quota_exceeded", answer.Fault(t).Code)
	testbed.EndVersions(t, dsn)
	answer = update(`{"title": "x", "version": 4294967295}`)
	require.Equal(t, http.StatusConflict, answer.Status)
	require.Equal(t, "last_version", answer.Fault(t).Code)
	now, err := tasks.Task(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Equal(t, mine.Title, now.Title)
	require.Empty(t, now.Body)
}

func TestOnlyOneOfTwoUpdatesOfAVersionWins(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)
	mine := testbed.AddTask(t, tasks, ada.Owner)
	f := function.With(&deps{tasks}, testbed.Verifier())

	const writers = 8
	statuses := make(chan int, writers)
	for i := range writers {
		go func() {
			statuses <- testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPatch, Token: ada.Token, Query: "id=" + mine.ID.String(),
				Body: fmt.Appendf(nil, `{"title": "%d", "version": 1}`, i)}).Status
		}()
	}
	count := map[int]int{}
	for range writers {
		count[<-statuses]++
	}
	require.Equal(t, map[int]int{http.StatusOK: 1, http.StatusConflict: writers - 1}, count)
}
