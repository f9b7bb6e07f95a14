package process

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serveInherited answers with its process id on the inherited listener until the lifetime of this process ends.
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

// server is a child that runs serveInherited, and the URL at which it answers.
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
		Name: "server", Path: os.Args[0], Args: []string{"serve"}, Env: append(os.Environ(), parentMode+"=-"), Log: log,
		Files: []*os.File{file}, Check: func(context.Context) error { return nil }, Patience: 5 * time.Second,
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

func TestListenersNamesWhatIsMissing(t *testing.T) {
	t.Setenv(listenFDs, "")
	require.False(t, Inherits())
	_, err := Listeners(1)
	require.ErrorContains(t, err, listenFDs)
	t.Setenv(listenFDs, "1")
	require.True(t, Inherits())
	_, err = Listeners(2)
	require.ErrorContains(t, err, "want 2")
}
