// Package stories runs the whole application as `make run` does and uses it as people do: with curl's requests, in a
// browser, and while parts of it die.
package stories

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

// application is one that runs, with a state folder and ports of its own.
type application struct {
	scenario.Snaptask // at the gateway

	state   string
	web     string // URL
	process *exec.Cmd
	ended   chan error
	output  *bytes.Buffer
}

// newState is an empty state folder. A database server that was fetched for this project before is used again.
func newState(t *testing.T) string {
	t.Helper()
	state := t.TempDir()
	const fetched = "mariadb-dist"
	if kept := filepath.Join(scenario.Root(t), ".snaptask", fetched); isFolder(kept) {
		require.NoError(t, os.Symlink(kept, filepath.Join(state, fetched)))
	}
	return state
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// start runs the application on a state folder and waits until it is ready. It is stopped after the test.
func start(t *testing.T, state string) *application {
	t.Helper()
	program := filepath.Join(scenario.Root(t), ".snaptask", "bin", "snaptask")
	require.FileExists(t, program, "build it first: `make test` does")
	gatewayPort, webPort := freePort(t), freePort(t)
	a := &application{
		Snaptask: scenario.Snaptask{URL: "http://127.0.0.1:" + gatewayPort}, state: state, web: "http://127.0.0.1:" + webPort,
		process: exec.Command(program, "run"), ended: make(chan error, 1), output: &bytes.Buffer{},
	}
	a.process.Env = append(os.Environ(), "SNAPTASK_STATE="+state, "GATEWAY_PORT="+gatewayPort, "WEB_PORT="+webPort)
	a.process.Stdout, a.process.Stderr = a.output, a.output
	require.NoError(t, a.process.Start())
	go func() { a.ended <- a.process.Wait() }()
	t.Cleanup(func() {
		a.signal(syscall.SIGTERM)
		select {
		case <-a.ended:
		case <-time.After(30 * time.Second):
			a.signal(syscall.SIGKILL)
			<-a.ended
		}
		if t.Failed() {
			t.Logf("the application said:\n%s", a.output)
		}
		requireDiscreetLogs(t, state)
	})
	require.Eventually(t, a.ready, 3*time.Minute, 50*time.Millisecond, "never ready")
	return a
}

func (a *application) signal(s syscall.Signal) {
	select {
	case err := <-a.ended:
		a.ended <- err
	default:
		a.process.Process.Signal(s)
	}
}

func (a *application) ready() bool {
	answer, err := http.Get(a.URL + "/healthz")
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// processes are the ids of the application's processes whose command line matches, the runner's own left out.
func (a *application) processes(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := exec.Command("pgrep", "-f", pattern+".*"+a.state).Output()
	if err != nil {
		require.Equal(t, 1, err.(*exec.ExitError).ExitCode(), "pgrep")
	}
	return strings.Fields(string(out))
}
