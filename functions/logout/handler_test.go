package function

import (
	"net/http"
	"testing"
	"time"

	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestLogoutEndsThisSessionAndNoOther(t *testing.T) {
	t.Parallel()
	sessions := testbed.Store(t)
	ada := testbed.SignIn(t, sessions)
	elsewhere := testbed.SignInAgain(t, sessions, ada, time.Now().Add(time.Hour))
	f := function.With(&deps{sessions}, testbed.Verifier())
	logout := func(token string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: token})
	}

	answer := logout(ada.Token)
	require.Equal(t, http.StatusOK, answer.Status)
	require.JSONEq(t, `{}`, string(answer.Body))
	_, _, err := sessions.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.Error(t, err)
	_, _, err = sessions.Tasks(t.Context(), elsewhere.Owner, testbed.Everything())
	require.NoError(t, err)

	for _, token := range []string{ada.Token, "", "garbage"} {
		require.Equal(t, http.StatusUnauthorized, logout(token).Status)
	}
}
