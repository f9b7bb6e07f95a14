package function

import (
	"database/sql"
	"net/http"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/credentials"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func changeAt(t *testing.T, users *store.Store) func(token, body string) testbed.Answer {
	f := function.With(&deps{users, credentials.New(users)}, testbed.Verifier())
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
	var got reply
	answer.JSON(t, &got)
	require.Equal(t, ada.Username, got.Username)
	require.WithinDuration(t, time.Now().Add(time.Hour), got.ExpiresAt.Time(), time.Minute)
	require.Equal(t, ada.Token, got.Token, "a client that loses the reply must stay signed in")
	_, _, err := users.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err)
	_, _, err = users.Tasks(t.Context(), elsewhere.Owner, testbed.Everything())
	require.Error(t, err)
	_, _, err = users.Tasks(t.Context(), eve.Owner, testbed.Everything())
	require.NoError(t, err, "another user's session is still valid")
	require.True(t, holds(t, users, ada.Username, "battery staple"))
}

func holds(t *testing.T, users *store.Store, username, password string) bool {
	t.Helper()
	stored, err := users.UserByName(t.Context(), username)
	require.NoError(t, err)
	matches, err := auth.Matches(stored.PasswordHash, password)
	require.NoError(t, err)
	return matches
}

func TestARepeatedChangeIsNoError(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	ada := testbed.SignInWith(t, users, "correct horse")
	change := changeAt(t, users)
	first := change(ada.Token, `{"currentPassword": "correct horse", "newPassword": "battery staple"}`)
	require.Equal(t, http.StatusOK, first.Status)
	stored, err := users.UserByName(t.Context(), ada.Username)
	require.NoError(t, err)

	for range 6 {
		again := change(ada.Token, `{"currentPassword": "correct horse", "newPassword": "battery staple"}`)
		require.Equal(t, http.StatusOK, again.Status)
		require.Equal(t, string(first.Body), string(again.Body))
	}
	now, err := users.UserByName(t.Context(), ada.Username)
	require.NoError(t, err)
	require.Equal(t, stored, now, "a repeat must change nothing")
	other := change(ada.Token, `{"currentPassword": "correct horse", "newPassword": "another staple"}`)
	require.Equal(t, http.StatusBadRequest, other.Status)
}

func TestWrongPasswordIsRefusedAndThrottled(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	users := testbed.StoreAt(t, dsn)
	ada := testbed.SignInWith(t, users, "correct horse")
	change := changeAt(t, users)

	require.Equal(t, http.StatusUnauthorized, change("", `{"currentPassword": "correct horse", "newPassword": "battery staple"}`).Status)
	short := change(ada.Token, `{"currentPassword": "correct horse", "newPassword": "short"}`)
	require.Equal(t, http.StatusBadRequest, short.Status)
	require.Contains(t, short.Fault(t).Fields, "newPassword")

	for range 5 {
		wrong := change(ada.Token, `{"currentPassword": "wrong", "newPassword": "battery staple"}`)
		require.Equal(t, http.StatusBadRequest, wrong.Status)
		require.Contains(t, wrong.Fault(t).Fields, "currentPassword")
	}
	pool, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(`UPDATE password_failures SET not_before = not_before + INTERVAL 30 SECOND`) // a slow machine takes longer than the first delay
	require.NoError(t, err)
	throttled := change(ada.Token, `{"currentPassword": "correct horse", "newPassword": "battery staple"}`)
	require.Equal(t, http.StatusTooManyRequests, throttled.Status)
	require.NotEmpty(t, throttled.Header.Get("Retry-After"))
	_, _, err = users.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err, "the session is still valid")
	require.True(t, holds(t, users, ada.Username, "correct horse"))
}
