package server

import (
	"bufio"
	"context"
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

func TestServeFinishesRunningRequests(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	running, finish := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(running)
			<-finish
			_, _ = w.Write([]byte("whole"))
		}), 0, newConnections(10, 10, nil))
	}()

	body := make(chan string, 1)
	go func() {
		response, err := testClient.Get("http://" + listener.Addr().String())
		if err != nil {
			body <- err.Error()
			return
		}
		defer response.Body.Close()
		got, _ := io.ReadAll(response.Body)
		body <- string(got)
	}()
	<-running
	stop()
	close(finish)
	require.Equal(t, "whole", <-body)
	require.NoError(t, <-ended)
}

func TestServeContinuesForTheShutdownDelay(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener, http.HandlerFunc(healthy), time.Second, newConnections(10, 10, nil))
	}()
	url := "http://" + listener.Addr().String()
	response, _ := ask(t, http.MethodGet, url, nil)
	require.False(t, response.Close)
	stop()
	for range 3 {
		response, _ = ask(t, http.MethodGet, url, nil)
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.True(t, response.Close, "the client is asked to close the connection")
	}
	require.NoError(t, <-ended)
	_, err = net.Dial("tcp", listener.Addr().String())
	require.Error(t, err)
}

func TestShutdownDelayIsADuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"": 0, "0s": 0, "5s": 5 * time.Second} {
		got, err := shutdownDelay(func(string) string { return text })
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"5", "-1s", "soon"} {
		_, err := shutdownDelay(func(string) string { return text })
		require.ErrorContains(t, err, "SHUTDOWN_DELAY")
	}
}

func TestListenRefusesInvalidPorts(t *testing.T) {
	t.Parallel()
	for _, port := range []string{"0", "65536", "-1", "http", "80a"} {
		_, err := listen(func(string) string { return port }, "PORT", "8080", 1)
		require.ErrorContains(t, err, "PORT", port)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer free.Close()
	_, port, err := net.SplitHostPort(free.Addr().String())
	require.NoError(t, err)
	return port
}

func TestSIGTERMEndsTheProcessWithSuccess(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "webapp")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/webapp").CombinedOutput()
	require.NoError(t, err, string(output))
	port := freePort(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, binary)
	command.Env = append(os.Environ(), "PORT="+port, "METRICS_PORT=0", "FUNCTION_URL="+unusedFunctionURL)
	stderr, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	line, err := bufio.NewReader(stderr).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, port)

	response, _ := ask(t, http.MethodGet, "http://127.0.0.1:"+port+"/healthz", nil)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, command.Wait())
}
