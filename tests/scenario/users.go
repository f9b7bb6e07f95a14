package scenario

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/client"
)

// UsersAreSeparate lets a user try to read and change another user's data, and compares how sign-ins fail.
func UsersAreSeparate(t *testing.T, c client.Client) {
	ada, eve := SignIn(t, c, "ada"), SignIn(t, c, "eve")
	task := CreateTask(t, ada, "mine", "rocket.jpg")

	found, err := eve.Tasks(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, found)
	for _, o := range operations(t) {
		if o.takesTask {
			RequireStatus(t, http.StatusNotFound, eve, o.method, o.call(task), o.body)
		}
	}
	require.Equal(t, task, Task(t, ada, task.ID))
	_, err = ada.Image(t.Context(), task.ID, "full")
	require.NoError(t, err)

	signIn := func(username string) string {
		answer := RequireStatus(t, http.StatusUnauthorized, c, "POST", "login", []byte(`{"username": "`+username+`", "password": "wrong-password"}`))
		return strings.ReplaceAll(string(answer.Body), answer.Header.Get("X-Call-Id"), "")
	}
	require.Equal(t, signIn("ada"), signIn("nobody"), "a sign-in does not reveal who has an account")
}
