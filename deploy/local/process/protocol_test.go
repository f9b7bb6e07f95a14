package process

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serveInherited serves HTTP on the inherited listener until the lifetime of this process ends.
func serveInherited() error {
	ctx, cancel := Lifetime()
	defer cancel()
	listeners, err := Listeners(1)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "served")
	})}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listeners[0]); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// server returns a child that runs serveInherited, and its URL.
func server(t *testing.T) (Spec, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	log, err := NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	return Spec{
		Name: "server", Path: os.Args[0], Env: append(os.Environ(), modeVariable+"=server"), Log: log,
		Listeners: []*os.File{file}, Check: func(context.Context) error { return nil }, StopTimeout: 5 * time.Second,
	}, "http://" + listener.Addr().String()
}

func get(url string) (string, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

func TestCallsWaitWhileAChildRestarts(t *testing.T) {
	t.Parallel()
	spec, url := server(t)
	child := Start(spec, func(text string) { t.Log(text) })
	defer child.Stop()
	for range 3 {
		text, err := get(url)
		require.NoError(t, err)
		require.Equal(t, "served", text)
		before := child.PID()
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		require.Eventually(t, func() bool { return child.PID() != before }, 3*time.Second, time.Millisecond)
	}
}

func TestListenersReportsMissingListeners(t *testing.T) {
	t.Setenv(listenFDs, "")
	require.False(t, Inherits())
	_, err := Listeners(1)
	require.ErrorContains(t, err, listenFDs)
	t.Setenv(listenFDs, "1")
	require.True(t, Inherits())
	_, err = Listeners(2)
	require.ErrorContains(t, err, "want 2")
}

func TestChildStopsWhenItsInputEnds(t *testing.T) {
	t.Parallel()
	spec, url := server(t)
	cmd := exec.Command(spec.Path)
	cmd.Env = append(spec.Env, listenFDs+"=1", exitOnEOF+"=1")
	cmd.ExtraFiles = spec.Listeners
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = get(url)
	require.NoError(t, err)
	require.NoError(t, stdin.Close())
	require.NoError(t, cmd.Wait())
}
