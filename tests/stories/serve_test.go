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

	"snaptask/tests/scenario"
)

// TestAFunctionIsAServerOfItsOwn starts one function's server as an image does: on ports, with a folder of secrets, and
// told to stop by SIGTERM. Its database is away.
func TestAFunctionIsAServerOfItsOwn(t *testing.T) {
	t.Parallel()
	secrets := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(secrets, "mysql-dsn"), []byte("u:p@tcp(127.0.0.1:1)/d"), 0o600))
	port, metrics := freePort(t), freePort(t)
	function := exec.Command(filepath.Join(scenario.Root(t), ".snaptask", "bin", "snaptask"), "function", "register")
	function.Env = append(os.Environ(), "SECRETS_DIR="+secrets, "PORT="+port, "METRICS_PORT="+metrics)
	var log bytes.Buffer
	function.Stderr = &log
	require.NoError(t, function.Start())
	ended := make(chan error, 1)
	go func() { ended <- function.Wait() }()
	t.Cleanup(func() { function.Process.Kill() })

	get := func(url string) int {
		answer, err := http.Get(url)
		if err != nil {
			return 0
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	base := "http://127.0.0.1:" + port
	require.Eventually(t, func() bool { return get(base+"/_/health") == http.StatusOK }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, http.StatusOK, get("http://127.0.0.1:"+metrics+"/metrics"))
	post := func(body []byte) *http.Response {
		answer, err := http.Post(base, "application/json", bytes.NewReader(body))
		require.NoError(t, err)
		defer answer.Body.Close()
		return answer
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, post(make([]byte, 20<<20)).StatusCode)
	away := post([]byte(`{"username": "somebody", "password": "a password"}`))
	require.Equal(t, http.StatusServiceUnavailable, away.StatusCode)
	require.NotEmpty(t, away.Header.Get("Retry-After"))
	require.Equal(t, http.StatusMethodNotAllowed, get(base))

	http.DefaultClient.CloseIdleConnections()
	require.NoError(t, function.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-ended:
		require.NoError(t, err, "%s", &log)
	case <-time.After(5 * time.Second):
		require.Fail(t, "an idle function does not end", "%s", &log)
	}
	require.Contains(t, log.String(), "draining")
}
