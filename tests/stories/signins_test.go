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

	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
	"snaptask/tests/scenario"
)

// TestManySignInsFitIntoTheMemoryOfLogin has 64 people sign in at once, several times, at a process of login that is set
// up as stack.yml does, and reads from the kernel the most memory that it ever had.
func TestManySignInsFitIntoTheMemoryOfLogin(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Log("this machine does not tell the most memory that a process had; Linux does")
		return
	}
	t.Parallel()
	table, err := stack.Read(filepath.Join(scenario.Root(t), "stack.yml"))
	require.NoError(t, err)
	limit, err := table.Functions["login"].MemoryLimit()
	require.NoError(t, err)
	settings := table.Functions["login"].Environment
	// What Go takes from the CPU limit of a container: one CPU, of which it makes two.
	settings["GOMAXPROCS"] = "2"
	a := start(t, newState(t))
	login := a.serve(t, exec.Command(loginProgram(t)), "login", "", settings)

	// Each at an account of their own, for the tries at one are limited; every other one at an account that there isn't.
	const atOnce, times = 64, 3
	for i := 0; i < atOnce; i += 2 {
		a.SignIn(t, fmt.Sprintf("person-%d", i))
	}
	statuses := map[int]int{}
	var mu sync.Mutex
	for range times {
		var group sync.WaitGroup
		for i := range atOnce {
			group.Go(func() {
				got, err := scenario.Send("POST", login.url, "", fmt.Appendf(nil, `{"username": "person-%d", "password": "demo-password"}`, i))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("a sign-in was not answered: %v", err)
				}
				statuses[got.Status]++
			})
		}
		group.Wait()
	}
	peak := peakMemory(t, login.process.Process.Pid)
	t.Logf("answers by status: %v; %d MiB at most, of %d MiB", statuses, peak>>20, limit>>20)
	require.NotZero(t, statuses[http.StatusOK])
	require.NotZero(t, statuses[http.StatusUnauthorized])
	for status := range statuses {
		require.Contains(t, []int{http.StatusOK, http.StatusUnauthorized, http.StatusServiceUnavailable}, status)
	}
	require.True(t, login.alive())
	require.Less(t, peak, int(limit))
}

// loginProgram builds login as its image has it: a program with this one function.
func loginProgram(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	source, program := filepath.Join(folder, "main.go"), filepath.Join(folder, "login")
	require.NoError(t, os.WriteFile(source, []byte(`package main

import (
	login "snaptask/functions/login"
	"snaptask/functions/serve"
)

func main() { serve.Main("login", login.Handle) }
`), 0o600))
	build := exec.Command("go", "build", "-o", program, source)
	build.Dir = scenario.Root(t)
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// peakMemory is the most memory that a process has had resident, in bytes.
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
