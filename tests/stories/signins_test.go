package stories

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// TestManySignInsFitIntoTheMemoryOfLogin lets many users sign in concurrently, several times, with a process of login that has the
// settings of stack.yml, and reads its peak memory from the kernel.
func TestManySignInsFitIntoTheMemoryOfLogin(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Log("only Linux reports the peak memory of a process")
		return
	}
	t.Parallel()
	table, err := stack.Read(filepath.Join(scenario.Root(t), "stack.yml"))
	require.NoError(t, err)
	limit, err := table.Functions["login"].MemoryLimit()
	require.NoError(t, err)
	settings := table.Functions["login"].Environment
	settings["GOMAXPROCS"] = "2" // as in a container with less than two CPUs
	a := application.Start(t, application.NewState(t))
	login := startFunction(t, a, exec.Command(buildLogin(t)), "login", "", settings)

	// One account each, since the failures of an account are limited; every second account does not exist.
	const atOnce, times = 64, 3
	for i := 0; i < atOnce; i += 2 {
		scenario.SignIn(t, a.Client, fmt.Sprintf("user-%d", i))
	}
	statuses := map[int]int{}
	var mu sync.Mutex
	for range times {
		var group sync.WaitGroup
		for i := range atOnce {
			group.Go(func() {
				credentials := fmt.Appendf(nil, `{"username": "user-%d", "password": %q}`, i, scenario.Password)
				answer, err := client.Send(t.Context(), "POST", login.url, "", credentials)
				assert.NoError(t, err)
				mu.Lock()
				defer mu.Unlock()
				statuses[answer.Status]++
			})
		}
		group.Wait()
	}
	peak := peakMemory(t, login.process.Process.Pid)
	t.Logf("answers by status: %v; peak %d MiB of %d MiB", statuses, peak>>20, limit>>20)
	require.NotZero(t, statuses[http.StatusOK])
	require.NotZero(t, statuses[http.StatusUnauthorized])
	for status := range statuses {
		require.Contains(t, []int{http.StatusOK, http.StatusUnauthorized, http.StatusServiceUnavailable}, status)
	}
	require.True(t, login.running())
	require.Less(t, peak, int(limit))
}

// buildLogin builds the program in login's image.
func buildLogin(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	source, program := filepath.Join(folder, "main.go"), filepath.Join(folder, "login")
	require.NoError(t, os.WriteFile(source, []byte(`package main

import (
	login "snaptask/functions/login"
	"snaptask/functions/serve"
)

func main() { serve.Main("login", serve.Function{Handle: login.Handle, Admit: login.Admit}) }
`), 0o600))
	build := exec.Command("go", "build", "-o", program, source)
	build.Dir = scenario.Root(t)
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// peakMemory returns the largest resident memory that a process has had, in bytes.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, line, found := strings.Cut(string(status), "VmHWM:")
	require.True(t, found)
	kibibytes, err := strconv.Atoi(strings.Fields(line)[0])
	require.NoError(t, err)
	return kibibytes << 10
}
