// Package application runs the whole application on this machine for a test, as `make run` does, in processes that the test can
// kill.
package application

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/port"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

const (
	startTimeout = 4 * time.Minute // includes the download of MariaDB
	stopTimeout  = 40 * time.Second
)

// Recovery limits how long the application may take to recover after a process was killed.
const Recovery = 30 * time.Second

// Application is a running application with ports of its own.
type Application struct {
	client.Client // at the gateway

	WebURL  string
	State   string // the folder of everything that persists
	Process *exec.Cmd

	output bytes.Buffer
	ended  chan struct{}
	err    error // of the process, once it has ended
}

// NewState returns an empty state folder, except for the database server if this project has downloaded one. It is removed after
// the test unless the test fails.
func NewState(t *testing.T) string {
	t.Helper()
	state, err := os.MkdirTemp("", "snaptask-test-")
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the state and the logs are in %s", state)
			return
		}
		require.NoError(t, os.RemoveAll(state))
	})
	const installed = "mariadb-dist"
	if path := filepath.Join(scenario.Root(t), ".snaptask", installed); exists(path) {
		require.NoError(t, os.Symlink(path, filepath.Join(state, installed)))
	}
	return state
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Start runs the application on a state folder until the test ends, with additional environment variables, and waits until it is
// ready. Its logs must not reveal secrets.
func Start(t *testing.T, state string, env ...string) *Application {
	t.Helper()
	gateway, web := FreePort(t), FreePort(t)
	a := &Application{
		Client: client.Client{URL: "http://127.0.0.1:" + gateway}, WebURL: "http://127.0.0.1:" + web, State: state,
	}
	a.launch(t, append(append(os.Environ(), env...), "SNAPTASK_STATE="+state, "GATEWAY_PORT="+gateway, "WEB_PORT="+web))
	t.Cleanup(func() {
		killing := time.AfterFunc(stopTimeout, func() { _ = a.Process.Process.Kill() })
		defer killing.Stop()
		_, _ = a.Stop(syscall.SIGTERM)
		if t.Failed() {
			t.Logf("output of the application:\n%s", &a.output)
		}
		a.requireDiscreetLogs(t)
	})
	a.waitStarted(t)
	return a
}

// launch starts the application's first process.
func (a *Application) launch(t *testing.T, env []string) {
	t.Helper()
	process, ended := exec.Command(programOf(t), "run"), make(chan struct{})
	process.Env = env
	process.Stdout, process.Stderr = &a.output, &a.output
	require.NoError(t, process.Start())
	a.Process, a.ended = process, ended
	go func() {
		a.err = process.Wait()
		close(ended)
	}()
}

func (a *Application) waitStarted(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return a.Ready() || !a.Alive() }, startTimeout, 50*time.Millisecond, "never ready")
	require.True(t, a.Alive(), "ended: %v", a.err)
}

// Restart kills the application's first process, which is the gateway, and with it all others, and starts the application again on
// its state and its ports. It waits until that is ready.
func (a *Application) Restart(t *testing.T) {
	t.Helper()
	others := a.Processes(t)
	_, _ = a.Stop(syscall.SIGKILL)
	for _, p := range others {
		require.Eventually(t, func() bool { return syscall.Kill(p.ID, 0) != nil }, Recovery, 20*time.Millisecond, "still runs: %s", p.Command)
	}
	a.launch(t, a.Process.Env)
	a.waitStarted(t)
}

// programOf returns the path of the program that runs the application.
func programOf(t *testing.T) string {
	t.Helper()
	program := filepath.Join(scenario.Root(t), ".snaptask", "bin", "snaptask")
	require.FileExists(t, program, "run `make build` first")
	return program
}

// Stop sends a signal and waits until the application has ended. It returns the output, and an error unless the exit status is 0.
func (a *Application) Stop(s syscall.Signal) (output string, err error) {
	_ = a.Process.Process.Signal(s) // it may already have ended
	<-a.ended
	return a.output.String(), a.err
}

// Alive reports whether the application is running.
func (a *Application) Alive() bool {
	select {
	case <-a.ended:
		return false
	default:
		return true
	}
}

// Ready reports whether everything works.
func (a *Application) Ready() bool {
	answer, err := client.Send(context.Background(), http.MethodGet, a.URL+"/healthz", "", nil)
	return err == nil && answer.Status == http.StatusOK
}

// WaitReady waits until everything works again.
func (a *Application) WaitReady(t *testing.T) {
	t.Helper()
	require.Eventually(t, a.Ready, Recovery, 20*time.Millisecond, "the application does not recover")
}

// Housekeeping runs a housekeeping command with additional environment variables. The error is nil if its exit status is 0.
func (a *Application) Housekeeping(ctx context.Context, env []string, args ...string) (output string, err error) {
	command := exec.CommandContext(ctx, a.Process.Path, append([]string{"housekeeping"}, args...)...)
	command.Env = append(append(os.Environ(), "SNAPTASK_STATE="+a.State), env...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// FreePort returns the number of a port on which nothing listens.
func FreePort(t *testing.T) string {
	t.Helper()
	number, err := port.Free()
	require.NoError(t, err)
	return fmt.Sprint(number)
}
