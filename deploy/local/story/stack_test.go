// Package story runs the whole application as `make run` does and uses it as people do: with curl's requests, in a
// browser, and while parts of it die.
package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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
)

// application is one that runs, with a state folder and ports of its own.
type application struct {
	state   string
	gateway string // URL
	web     string // URL
	process *exec.Cmd
	ended   chan error
	output  *bytes.Buffer
}

// root is the project's folder.
func root(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../..")
	require.NoError(t, err)
	return path
}

// newState is an empty state folder. A database server that was fetched for this project before is used again.
func newState(t *testing.T) string {
	t.Helper()
	state := t.TempDir()
	const fetched = "mariadb-dist"
	if kept := filepath.Join(root(t), ".snaptask", fetched); isFolder(kept) {
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
	program := filepath.Join(root(t), ".snaptask", "bin", "snaptask")
	require.FileExists(t, program, "build it first: `make test` does")
	gatewayPort, webPort := freePort(t), freePort(t)
	a := &application{
		state: state, gateway: "http://127.0.0.1:" + gatewayPort, web: "http://127.0.0.1:" + webPort,
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
	answer, err := http.Get(a.gateway + "/healthz")
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

// answer is what came back for a call.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends a request to a function at the gateway, as curl does.
func (a *application) call(method, function, token string, body []byte) (answer, error) {
	return send(method, a.gateway+"/function/"+function, token, body)
}

func send(method, address, token string, body []byte) (answer, error) {
	request, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded") // what curl -d says
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, got}, err
}

// must is call for one that has to come back with status; it decodes the JSON of the answer into v, unless that is nil.
func (a *application) must(t *testing.T, status int, v any, method, function, token, body string) answer {
	t.Helper()
	got, err := a.call(method, function, token, []byte(body))
	require.NoError(t, err)
	require.Equal(t, status, got.status, "%s %s: %.300s", method, function, got.body)
	require.NotEmpty(t, got.header.Get("X-Call-Id"))
	if v != nil {
		require.NoError(t, json.Unmarshal(got.body, v), "%s", got.body)
	}
	return got
}

// signIn gives a token of the demo account, or of a new one of another name.
func (a *application) signIn(t *testing.T, username string) (token string) {
	t.Helper()
	password := "demo-password"
	if username != "demo" {
		a.must(t, http.StatusOK, nil, "POST", "register", "", fmt.Sprintf(`{"username": %q, "password": %q}`, username, password))
	}
	var session struct{ Token string }
	a.must(t, http.StatusOK, &session, "POST", "login", "", fmt.Sprintf(`{"username": %q, "password": %q}`, username, password))
	require.NotEmpty(t, session.Token)
	return session.Token
}

// task is one as clients see it.
type task struct {
	ID, Title, ImageStatus string
	Upload                 bool
	Labels                 []string
	Predictions            []struct {
		Label string
		Score float64
	}
}

func (a *application) create(t *testing.T, token, title string) task {
	t.Helper()
	var created task
	a.must(t, http.StatusOK, &created, "POST", "create-task", token, fmt.Sprintf(`{"title": %q, "dueDate": "2026-12-24"}`, title))
	return created
}

func photo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(t), "webapp", "e2e", "photos", name))
	require.NoError(t, err)
	return data
}
