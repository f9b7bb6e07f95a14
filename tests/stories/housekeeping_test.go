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
)

// TestAnOperatorKeepsHouse runs the application with registration off and looks after it with the command that an operator
// has, while the runner sweeps by itself.
func TestAnOperatorKeepsHouse(t *testing.T) {
	t.Setenv("REGISTRATION", "off")
	t.Setenv("SECRETS_DIR", "")
	a := start(t, newState(t))
	keep := func(args ...string) (said string, code int) {
		t.Helper()
		command := exec.Command(a.process.Path, append([]string{"housekeeping"}, args...)...)
		command.Env = append(os.Environ(), "SNAPTASK_STATE="+a.state)
		out, err := command.CombinedOutput()
		if err != nil {
			require.IsType(t, &exec.ExitError{}, err)
		}
		return string(out), command.ProcessState.ExitCode()
	}
	do := func(args ...string) string {
		t.Helper()
		said, code := keep(args...)
		require.Zero(t, code, "%v: %s", args, said)
		return said
	}

	a.Must(t, http.StatusForbidden, nil, "POST", "register", "", `{"username": "ada", "password": "a password"}`)
	token := a.SignIn(t, "demo") // whom the runner has added the operator's way
	require.Contains(t, do("user", "list"), "demo")
	do("user", "disable", "demo")
	a.Must(t, http.StatusUnauthorized, nil, "GET", "get-tasks", token, "")
	do("user", "enable", "demo")
	a.SignIn(t, "demo")
	_, made, _ := strings.Cut(do("user", "add", "ada"), "Password: ")
	a.Must(t, http.StatusOK, nil, "POST", "login", "", `{"username": "ada", "password": "`+strings.TrimSpace(made)+`"}`)
	_, code := keep("user", "add", "ada")
	require.Equal(t, 3, code)

	require.Equal(t, 4, strings.Count(do("sweep"), `"level":"INFO","msg":"sweep"`))
	require.Contains(t, do("backup"), "backed up: 2 users, 0 tasks and 0 pictures")
	log := filepath.Join(a.state, "log", "housekeeping.log")
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(log)
		return err == nil && strings.Count(string(text), `"level":"INFO","msg":"sweep"`) == 4
	}, 20*time.Second, 50*time.Millisecond, "the runner has not swept")

	a.signal(syscall.SIGTERM)
	err := <-a.ended
	a.ended <- err
	require.NoError(t, err)
	require.NotContains(t, a.output.String(), "sweep", "nothing is said while all is well")
	said, code := keep("user", "list")
	require.Equal(t, 1, code)
	require.Contains(t, said, "nothing runs on "+a.state)
	require.Contains(t, do("help"), "housekeeping sweep")
}
