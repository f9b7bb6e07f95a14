package stories

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/scenario"
)

// TestStateSurvivesRestarts ends the first process once by SIGKILL and once by Ctrl-C, checks that no other process is left, and
// starts the application again on the same state.
func TestStateSurvivesRestarts(t *testing.T) {
	t.Parallel()
	state := application.NewState(t)
	a := application.Start(t, state)
	user := scenario.SignIn(t, a.Client, scenario.Demo)
	task := scenario.CreateTask(t, user, "kept", "coffee.png")

	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		processes := a.Processes(t)
		output, err := a.Stop(s)
		if s == syscall.SIGINT {
			require.NoError(t, err, "Ctrl-C is not a failure:\n%s", output)
		}
		for _, p := range processes {
			require.Eventually(t, func() bool { return syscall.Kill(p.ID, 0) != nil }, 20*time.Second, 50*time.Millisecond, "still runs: %s", p.Command)
		}
		a = application.Start(t, state)
		user.URL = a.URL
		require.Equal(t, task, scenario.Task(t, user, task.ID))
		_, err = user.Image(t.Context(), task.ID, "full")
		require.NoError(t, err)
	}

	second := exec.Command(a.Process.Path, "run")
	second.Env = append(a.Process.Env, "GATEWAY_PORT="+application.FreePort(t), "WEB_PORT="+application.FreePort(t))
	output, err := second.CombinedOutput()
	require.Error(t, err, "a second process on the same state")
	require.NotContains(t, string(output), "panic")
	require.NotEmpty(t, output)
	require.True(t, a.Ready(), "the first one is not affected")
}
