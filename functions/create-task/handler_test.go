package function

import (
	"net/http"
	"strings"
	"testing"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func createAt(t *testing.T, tasks *store.Store) func(token, body string) testbed.Answer {
	f := function.With(&deps{tasks}, testbed.Verifier())
	return func(token, body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: token, Body: []byte(body)})
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)

	answer := createAt(t, tasks)(ada.Token, `{"title": " Fix the pier ", "dueDate": "2026-12-24"}`)
	require.Equal(t, http.StatusOK, answer.Status)
	var got testbed.Task
	answer.JSON(t, &got)
	require.Equal(t, "Fix the pier", got.Title)
	require.Empty(t, got.Body)
	require.Equal(t, "2026-12-24", got.DueDate)
	require.Equal(t, "none", got.ImageStatus)
	require.Equal(t, 1, got.Version)
	require.NotNil(t, got.Labels)
	require.NotNil(t, got.Predictions)

	stored, _, err := tasks.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Len(t, stored, 1)
	require.Equal(t, got.ID, stored[0].ID.String())
}

func TestCreateTwiceWithOneIDIsOneTask(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)
	create := createAt(t, tasks)
	body := `{"id": "` + testbed.NewID(t).String() + `", "title": "once", "dueDate": "2026-12-24"}`

	first, second := create(ada.Token, body), create(ada.Token, body)
	require.Equal(t, http.StatusOK, first.Status)
	require.Equal(t, string(first.Body), string(second.Body))
	stored, _, err := tasks.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Len(t, stored, 1)

	_, err = tasks.DeleteTask(t.Context(), ada.Owner, stored[0].ID)
	require.NoError(t, err)
	require.Equal(t, http.StatusConflict, create(ada.Token, body).Status)
}

func TestCreateRefusesMoreThanTheQuota(t *testing.T) {
	t.Parallel()
	tasks := testbed.LimitedStore(t, testbed.Database(t), store.Usage{Tasks: 1})
	ada := testbed.SignIn(t, tasks)
	create := createAt(t, tasks)
	first := `{"id": "` + testbed.NewID(t).String() + `", "title": "x", "dueDate": "2026-12-24"}`
	require.Equal(t, http.StatusOK, create(ada.Token, first).Status)
	answer := create(ada.Token, `{"title": "x", "dueDate": "2026-12-24"}`)
	require.Equal(t, http.StatusForbidden, answer.Status)
	require.Equal(t, "quota_exceeded", answer.Fault(t).Code)
	require.Contains(t, answer.Fault(t).Message, "1 tasks")
	require.Equal(t, http.StatusOK, create(ada.Token, first).Status, "a repeated creation")
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)
	create := createAt(t, tasks)
	for name, c := range map[string]struct{ body, field string }{
		"a blank title":       {`{"title": " \t ", "dueDate": "2026-12-24"}`, "title"},
		"a long title":        {`{"title": "` + strings.Repeat("é", 256) + `", "dueDate": "2026-12-24"}`, "title"},
		"a long body":         {`{"title": "x", "body": "` + strings.Repeat("x", 65536) + `", "dueDate": "2026-12-24"}`, "body"},
		"no due date":         {`{"title": "x"}`, "dueDate"},
		"a nonexistent day":   {`{"title": "x", "dueDate": "2026-02-29"}`, "dueDate"},
		"an id of long ago":   {`{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "title": "x", "dueDate": "2026-12-24"}`, "id"},
		"an id of version 4":  {`{"id": "2f1e5d8c-1c1e-4b57-9d0a-3f4f1a2b3c4d", "title": "x", "dueDate": "2026-12-24"}`, "id"},
		"another user's name": {`{"title": "x", "dueDate": "2026-12-24", "userId": "1"}`, "userId"},
	} {
		answer := create(ada.Token, c.body)
		require.Equal(t, http.StatusBadRequest, answer.Status, name)
		require.Contains(t, answer.Fault(t).Fields, c.field, name)
	}
	for _, token := range []string{"", "garbage", ada.Token[:len(ada.Token)-4]} {
		require.Equal(t, http.StatusUnauthorized, create(token, `{"title": "x", "dueDate": "2026-12-24"}`).Status)
	}
	stored, _, err := tasks.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Empty(t, stored)
}
