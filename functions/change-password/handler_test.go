package function

import (
	"net/http"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/confirmation"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func changeAt(t *testing.T, users *store.Store) func(token, body string) testbed.Answer {
	f := function.With(&deps{testbed.Signer(), users, confirmation.New(auth.NewClients(nil), users)}, testbed.Verifier())
	return func(token, body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: token, Body: []byte(body)})
	}
}

func TestChangeEndsEveryOtherSession(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	ada := testbed.SignInWith(t, users, "correct horse")
	elsewhere := testbed.SignInAgain(t, users, ada, time.Now().Add(time.Hour))
	eve := testbed.SignIn(t, users)

	answer := changeAt(t, users)(ada.Token, `{"currentPassword": "correct horse", "newPassword": "battery staple"}`)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	var got auth.Session
	answer.JSON(t, &got)
	require.Equal(t, ada.Username, got.Username)
	renewed, err := testbed.Verifier().Owner(got.Token)
	require.NoError(t, err)
	_, _, err = users.Tasks(t.Context(), renewed, testbed.Everything())
	require.NoError(t, err)
	for _, ended := range []testbed.Person{ada, elsewhere} {
		_, _, err = users.Tasks(t.Context(), ended.Owner, testbed.Everything())
		require.Error(t, err)
	}
	_, _, err = users.Tasks(t.Context(), eve.Owner, testbed.Everything())
	require.NoError(t, err, "another user's session is still valid")

	stored, err := users.UserByName(t.Context(), ada.Username)
	require.NoError(t, err)
	matches, err := auth.Matches(stored.PasswordHash, "battery staple")
	require.NoError(t, err)
	require.True(t, matches)
}

func TestWrongPasswordIsRefusedAndThrottled(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	ada := testbed.SignInWith(t, users, "correct horse")
	change := changeAt(t, users)

	require.Equal(t, http.StatusUnauthorized, change("", `{"currentPassword": "correct horse", "newPassword": "battery staple"}`).Status)
	short := change(ada.Token, `{"currentPassword": "correct horse", "newPassword": "short"}`)
	require.Equal(t, http.StatusBadRequest, short.Status)
	require.Contains(t, short.Fault(t).Fields, "newPassword")

	for range 10 {
		wrong := change(ada.Token, `{"currentPassword": "wrong", "newPassword": "battery staple"}`)
		require.Equal(t, http.StatusBadRequest, wrong.Status)
		require.Contains(t, wrong.Fault(t).Fields, "currentPassword")
	}
	throttled := change(ada.Token, `{"currentPassword": "correct horse", "newPassword": "battery staple"}`)
	require.Equal(t, http.StatusTooManyRequests, throttled.Status)
	require.NotEmpty(t, throttled.Header.Get("Retry-After"))
	_, _, err := users.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err, "the session is still valid")
}
