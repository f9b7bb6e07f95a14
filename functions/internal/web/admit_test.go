package web

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

func TestAdmitChecksTheMethodThenTheToken(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	owner := task.Owner{UserID: uuid.New(), SessionID: uuid.New()}
	token, err := auth.NewSigner(private, time.Hour).Token(owner, time.Now(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	ended := errors.New("the session has ended")
	f := (&Function[nothing]{
		Verbs:        Verbs[nothing]{http.MethodPut: nil, http.MethodPost: nil},
		CheckSession: func(_ *nothing, _ context.Context, of task.Owner) error { require.Equal(t, owner, of); return ended },
	}).With(&nothing{}, auth.NewVerifier([]ed25519.PublicKey{public}))

	admit := func(method, authorization string) (Admission, error) {
		return f.Admit(handler.Request{Method: method, Header: http.Header{"Authorization": {authorization}}})
	}
	refused, err := admit("GET", "Bearer "+token)
	require.True(t, fault.Is(err, fault.MethodNotAllowed))
	require.Equal(t, "POST, PUT, OPTIONS", refused.Header.Get("Allow"))
	for _, authorization := range []string{"", "Bearer", "Bearer " + token + "x"} {
		_, err = admit("PUT", authorization)
		require.True(t, fault.Is(err, fault.Unauthorized), authorization)
	}

	admitted, err := admit("PUT", "Bearer "+token)
	require.NoError(t, err)
	require.Equal(t, string(owner.UserID[:]), admitted.User)
	require.ErrorIs(t, admitted.CheckSession(t.Context()), ended)
	admitted, err = admit("POST", "Bearer "+token)
	require.NoError(t, err)
	require.Nil(t, admitted.CheckSession, "only a PUT has a large body")
	admitted, err = admit("OPTIONS", "")
	require.NoError(t, err)
	require.Empty(t, admitted.User)
}

func TestAPublicFunctionAdmitsByAddress(t *testing.T) {
	t.Parallel()
	f := function(ok)
	f.open = &opened[nothing]{deps: &nothing{}, clients: auth.NewClients([]byte("key")), origins: []string{"https://tasks.example.org"}}
	header := http.Header{
		"X-Client-Address": {"192.0.2.7"}, "Origin": {"https://tasks.example.org"},
		"X-Client-Address-Proof": {"25b8e0716cbcc8a0869f8f41627d7619b81dad43321d9add2d3a423aefb57939"},
	}
	want := Admission{Client: "192.0.2.7", Header: http.Header{
		"Vary": {"Origin"}, "Access-Control-Allow-Origin": {"https://tasks.example.org"},
		"Access-Control-Expose-Headers": {"ETag, Link, Retry-After, X-Call-Id"},
	}}
	admitted, err := f.Admit(handler.Request{Method: "POST", Header: header})
	require.NoError(t, err)
	require.Equal(t, want, admitted)

	want.Client = ""
	header.Set("X-Client-Address", "192.0.2.8")
	admitted, err = f.Admit(handler.Request{Method: "POST", Header: header})
	require.NoError(t, err)
	require.Equal(t, want, admitted, "the proof is wrong")
}

func TestOnlyOurOwnFaultsAreLoggedAsErrors(t *testing.T) {
	t.Parallel()
	for kind, level := range map[fault.Kind]string{
		fault.Internal: "ERROR", fault.Unavailable: "WARN",
		fault.Invalid: "INFO", fault.Unauthorized: "INFO", fault.NotFound: "INFO", fault.Conflict: "INFO", fault.TooLarge: "INFO",
		fault.UnsupportedMedia: "INFO", fault.Unprocessable: "INFO", fault.Throttled: "INFO",
	} {
		id := uuid.NewString()
		Refuse(t.Context(), &fault.Error{Kind: kind, Code: "code", Message: "A message.", Cause: errors.New("the cause")}, id)
		lines := logged.take(id)
		require.Len(t, lines, 1)
		require.Contains(t, lines[0], `"level":"`+level+`"`)
		require.Contains(t, lines[0], "the cause")
	}
}
