package stories

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// TestFunctionRunsAsInItsImage starts a function's server as an image does: on ports, with a folder of secrets, stopped by SIGTERM. Its
// database is unavailable.
func TestFunctionRunsAsInItsImage(t *testing.T) {
	t.Parallel()
	secrets := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(secrets, "mysql-dsn"), []byte("u:p@tcp(127.0.0.1:1)/d"), 0o600))
	port, metrics := application.FreePort(t), application.FreePort(t)
	function := exec.Command(filepath.Join(scenario.Root(t), ".snaptask", "bin", "snaptask"), "function", "register")
	function.Env = append(os.Environ(), "SECRETS_DIR="+secrets, "PORT="+port, "METRICS_PORT="+metrics)
	var log bytes.Buffer
	function.Stderr = &log
	require.NoError(t, function.Start())
	t.Cleanup(func() { _ = function.Process.Kill() })

	send := func(method, url string, body []byte) client.Answer {
		answer, _ := client.Send(t.Context(), method, url, "", body)
		return answer
	}
	base := "http://127.0.0.1:" + port
	require.Eventually(t, func() bool { return send("GET", base+"/_/health", nil).Status == http.StatusOK }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, http.StatusOK, send("GET", "http://127.0.0.1:"+metrics+"/metrics", nil).Status)
	for _, request := range []struct {
		status int
		method string
		body   []byte
	}{
		{http.StatusRequestEntityTooLarge, "POST", make([]byte, 20<<20)},
		{http.StatusServiceUnavailable, "POST", []byte(`{"username": "somebody", "password": "a password"}`)},
		{http.StatusMethodNotAllowed, "GET", nil},
	} {
		answer := send(request.method, base, request.body)
		require.Equal(t, request.status, client.Status(answer.Err()), "%v", answer.Err())
		require.NotErrorAs(t, answer.Err(), new(*client.Violation))
	}

	http.DefaultClient.CloseIdleConnections()
	require.NoError(t, function.Process.Signal(syscall.SIGTERM))
	killing := time.AfterFunc(5*time.Second, func() { _ = function.Process.Kill() })
	defer killing.Stop()
	require.NoError(t, function.Wait(), "an idle function ends on SIGTERM within 5 seconds:\n%s", &log)
	require.Contains(t, log.String(), "draining")
}
