package function

import (
	"net/http"
	"testing"

	"snaptask/functions/internal/credentials"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestDeleteAccountDeletesThisUserOnly(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	ada, eve := testbed.SignInWith(t, users, "correct horse"), testbed.SignIn(t, users)
	for _, p := range []testbed.Person{ada, ada, eve} {
		testbed.AddTask(t, users, p.Owner)
	}
	f := function.With(&deps{users, credentials.New(users)}, testbed.Verifier())
	remove := func(token, body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: token, Body: []byte(body)})
	}

	require.Equal(t, http.StatusUnauthorized, remove("", `{"currentPassword": "correct horse"}`).Status)
	wrong := remove(ada.Token, `{"currentPassword": "wrong"}`)
	require.Equal(t, http.StatusBadRequest, wrong.Status)
	require.Contains(t, wrong.Fault(t).Fields, "currentPassword")
	all, _, err := users.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Len(t, all, 2)

	answer := remove(ada.Token, `{"currentPassword": "correct horse"}`)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	require.JSONEq(t, `{}`, string(answer.Body))
	_, _, err = users.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.Error(t, err)
	require.NoError(t, users.AddUser(t.Context(), ada.Username, "hash"), "the username must be free at once")
	left, err := users.UsersToEmpty(t.Context(), uuid.UUID{}, 10)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{ada.UserID}, left, "the sweep must find the account")

	hers, _, err := users.Tasks(t.Context(), eve.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Len(t, hers, 1)
	require.Equal(t, http.StatusUnauthorized, remove(ada.Token, `{"currentPassword": "correct horse"}`).Status, "a repeat means that it was done")
}
