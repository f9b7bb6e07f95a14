package stories

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// TestOperatorCommands manages users while registration is off and the application runs its own sweeps.
func TestOperatorCommands(t *testing.T) {
	t.Setenv("REGISTRATION", "off")
	t.Setenv("SECRETS_DIR", "")
	a := application.Start(t, application.NewState(t))
	run := func(status int, args ...string) string {
		t.Helper()
		output, err := a.Housekeeping(t.Context(), nil, args...)
		if status != 0 {
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, status, exit.ExitCode(), "%v: %s", args, output)
			return output
		}
		require.NoError(t, err, "%v: %s", args, output)
		return output
	}

	require.Equal(t, http.StatusForbidden, client.Status(a.Register(t.Context(), "ada", "a password")))
	user := scenario.SignIn(t, a.Client, scenario.Demo)
	require.Contains(t, run(0, "user", "list"), scenario.Demo)
	run(0, "user", "disable", scenario.Demo)
	scenario.RequireStatus(t, http.StatusUnauthorized, user, "GET", "get-tasks", nil)
	run(0, "user", "enable", scenario.Demo)
	scenario.SignIn(t, a.Client, scenario.Demo)
	_, password, _ := strings.Cut(run(0, "user", "add", "ada"), "Password: ")
	_, err := a.SignIn(t.Context(), "ada", strings.TrimSpace(password))
	require.NoError(t, err)
	run(3, "user", "add", "ada")

	const swept = `"level":"INFO","msg":"sweep"`
	parts := strings.Count(run(0, "sweep"), swept)
	require.NotZero(t, parts)
	require.Contains(t, run(0, "backup"), "backed up: 2 users, 0 tasks and 0 pictures")
	require.Eventually(t, func() bool {
		log, err := os.ReadFile(filepath.Join(a.State, "log", "housekeeping.log"))
		return err == nil && strings.Count(string(log), swept) == parts
	}, 20*time.Second, 50*time.Millisecond, "the application does not sweep")

	output, err := a.Stop(syscall.SIGTERM)
	require.NoError(t, err)
	require.NotContains(t, output, "sweep", "a sweep without problems is not reported")
	require.Contains(t, run(1, "user", "list"), "nothing runs on "+a.State)
	require.Contains(t, run(0, "help"), "housekeeping sweep")
}
