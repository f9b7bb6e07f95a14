package stories

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

// TestNoAcknowledgedTaskIsLostWhenTheDatabaseDies kills the database's process while tasks are being created, twice.
func TestNoAcknowledgedTaskIsLostWhenTheDatabaseDies(t *testing.T) {
	t.Parallel()
	a := start(t, newState(t))
	token := a.SignIn(t, "demo")

	const clients = 4
	stop := make(chan struct{})
	type result struct {
		acknowledged []string
		refused      map[int]int
	}
	results := make(chan result, clients)
	for client := range clients {
		go func() {
			r := result{refused: map[int]int{}}
			defer func() { results <- r }()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				got, err := a.Call("POST", "create-task", token, fmt.Appendf(nil, `{"title": "%d-%d", "dueDate": "2026-12-24"}`, client, i))
				var created scenario.Task
				switch {
				case err != nil:
					r.refused[0]++
				case got.Status == http.StatusOK && json.Unmarshal(got.Body, &created) == nil:
					r.acknowledged = append(r.acknowledged, created.ID)
				default:
					r.refused[got.Status]++
				}
				time.Sleep(2 * time.Millisecond)
			}
		}()
	}
	for range 2 {
		time.Sleep(time.Second)
		pids := a.processes(t, "(mariadbd|mysqld)")
		require.NotEmpty(t, pids, "no database process")
		require.NoError(t, exec.Command("kill", append([]string{"-9"}, pids...)...).Run())
		require.Eventually(t, func() bool { return !a.ready() }, 5*time.Second, time.Millisecond, "the gateway did not notice")
		killed := time.Now()
		require.Eventually(t, a.ready, 30*time.Second, 20*time.Millisecond, "the database did not come back")
		t.Logf("everything ready again %s after the kill", time.Since(killed).Round(time.Millisecond))
	}
	time.Sleep(time.Second)
	close(stop)

	acknowledged, refused := map[string]bool{}, map[int]int{}
	for range clients {
		r := <-results
		for _, id := range r.acknowledged {
			acknowledged[id] = true
		}
		for status, n := range r.refused {
			refused[status] += n
		}
	}
	t.Logf("%d acknowledged; refused by status: %v", len(acknowledged), refused)
	require.NotEmpty(t, acknowledged)
	require.NotZero(t, refused[http.StatusServiceUnavailable])
	require.Len(t, refused, 1, "in between, every answer is 503")

	for query := "?limit=1000"; query != ""; {
		var page []scenario.Task
		got := a.Must(t, http.StatusOK, &page, "GET", "get-tasks"+query, token, "")
		for _, p := range page {
			delete(acknowledged, p.ID)
		}
		query = strings.TrimSuffix(strings.TrimPrefix(got.Header.Get("Link"), "<"), `>; rel="next"`)
	}
	require.Empty(t, acknowledged, "acknowledged and lost")
}

// TestStateOutlivesTheProcesses kills the runner itself, sees that nothing of it stays behind, and starts it again.
func TestStateOutlivesTheProcesses(t *testing.T) {
	t.Parallel()
	state := newState(t)
	a := start(t, state)
	token := a.SignIn(t, "demo")
	mine := a.Create(t, token, "kept")
	a.Must(t, http.StatusOK, nil, "PUT", "predict-image?id="+mine.ID, token, string(scenario.Photo(t, "coffee.png")))

	for _, end := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		a.signal(end)
		err := <-a.ended
		a.ended <- err
		if end == syscall.SIGINT {
			require.NoError(t, err, "Ctrl-C is no failure:\n%s", a.output)
		}
		require.Eventually(t, func() bool { return len(a.processes(t, "")) == 0 }, 20*time.Second, 50*time.Millisecond, "left behind")

		begun := time.Now()
		a = start(t, state)
		t.Logf("ready again in %s", time.Since(begun).Round(time.Millisecond))
		var got scenario.Task
		a.Must(t, http.StatusOK, &got, "GET", "get-tasks?id="+mine.ID, token, "")
		require.Equal(t, "espresso", got.Labels[0])
		a.Must(t, http.StatusOK, nil, "GET", "get-image?id="+mine.ID, token, "")
	}

	second := exec.Command(a.process.Path, "run")
	second.Env = append(a.process.Env, "GATEWAY_PORT="+freePort(t), "WEB_PORT="+freePort(t))
	out, err := second.CombinedOutput()
	require.Error(t, err, "a second runner on the same state")
	require.NotContains(t, string(out), "panic")
	require.NotEmpty(t, out)
	require.True(t, a.ready(), "the first one goes on")
}
