package web

import (
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// called is a function with a Secret, which counts its calls.
func called(count *int) *Function[nothing] {
	return &Function[nothing]{Open: openNothing, Secret: "event-token", Verbs: Verbs[nothing]{http.MethodPost: Verb(
		func(_ *nothing, _ context.Context, owner task.Owner, _ Request[event]) (any, error) {
			*count++
			return Empty{}, nil
		},
	)}}
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

func TestAFunctionWithASecretAnswersNobodyElse(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	calls := 0
	f := called(&calls).WithCaller(&nothing{}, auth.NewCaller(secret))
	for _, authorization := range []string{
		"", "Bearer", "Bearer ", secret, "Bearer " + secret + "0", "Bearer " + secret[1:], "Basic " + secret, "Digest " + secret,
		basic(secret, ""), basic("minio", secret+"0"), basic("", ""), "Basic !", "Bearer " + basic("", secret),
	} {
		sent := handler.Request{Method: "POST", Body: []byte("not JSON"), Header: http.Header{"Authorization": {authorization}}}
		admitted, err := f.Admit(sent)
		require.True(t, fault.Is(err, fault.Unauthorized), authorization)
		require.Empty(t, admitted.User)
		require.Equal(t, http.StatusUnauthorized, call(t, f, sent).StatusCode, "the secret is checked before the body: %s", authorization)
	}
	require.Zero(t, calls)

	for i, authorization := range []string{"Bearer " + secret, "bearer  " + secret, basic("minio", secret), basic("", secret)} {
		sent := handler.Request{Method: "POST", Body: []byte("{}"), Header: http.Header{"Authorization": {authorization}}}
		admitted, err := f.Admit(sent)
		require.NoError(t, err, authorization)
		require.Equal(t, Admission{Header: http.Header{}}, admitted, "nobody's call")
		require.Equal(t, http.StatusOK, call(t, f, sent).StatusCode, authorization)
		require.Equal(t, i+1, calls)
	}
}

func TestAFunctionReadsItsCallersSecret(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("SECRETS_DIR", folder)
	calls := 0
	f := called(&calls)
	sent := handler.Request{Method: "POST", Body: []byte("{}"), Header: http.Header{"Authorization": {"Bearer the-secret-of-the-store"}}}
	require.Equal(t, http.StatusInternalServerError, call(t, f, sent).StatusCode, "without its secret, the function answers nobody")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "event-token"), []byte("the-secret-of-the-store\n"), 0o600))
	require.Equal(t, http.StatusOK, call(t, f, sent).StatusCode)
	require.Equal(t, 1, calls)
}
