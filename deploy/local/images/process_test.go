package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is an image's program as a process of this machine.
type process struct {
	*exec.Cmd
	log bytes.Buffer // to be read once the process has ended
}

// launch starts the image's program in the image's folder with nothing but the image's settings, env and files, which it
// inherits from descriptor 3 on. Arguments that are paths of the image become paths of this machine.
func launch(t *testing.T, i *image, command, env []string, files ...*os.File) *process {
	t.Helper()
	deadline, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	var args []string
	for _, arg := range append(i.entrypoint[1:], command...) {
		if path.IsAbs(arg) {
			arg = i.at(arg)
		}
		args = append(args, arg)
	}
	p := &process{Cmd: exec.CommandContext(deadline, i.at(i.entrypoint[0]), args...)}
	p.Dir, p.Env = i.root, env
	for name, value := range i.env {
		p.Env = append(p.Env, name+"="+value)
	}
	p.Stdout, p.Stderr, p.ExtraFiles = &p.log, &p.log, files
	require.NoError(t, p.Start())
	return p
}

// socket is an open port of this machine; who connects before the program listens waits.
func socket(t *testing.T) (url string, file *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	file, err = l.(*net.TCPListener).File()
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	return "http://" + l.Addr().String(), file
}

// get gives the body of an answer that must be 200.
func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := (&http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", body)
	return string(body)
}

// requireStops sees that the process ends well when it is told to.
func requireStops(t *testing.T, p *process) {
	t.Helper()
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.Wait(), "%s", &p.log)
}

func TestAFunctionRunsFromItsImage(t *testing.T) {
	t.Parallel()
	i := build(t, "register", runtime.GOOS)
	url, function := socket(t)
	watch, metrics := socket(t)
	p := launch(t, i, i.command, []string{"LISTEN_FDS=2", "SECRETS_DIR=" + t.TempDir()}, function, metrics)
	require.Equal(t, "OK\n", get(t, url+"/_/health"))
	require.Contains(t, get(t, watch+"/metrics"), "go_goroutines")
	requireStops(t, p)
	require.Contains(t, p.log.String(), `"msg":"serving","function":"register"`)
}

func TestTheWebAppRunsFromItsImage(t *testing.T) {
	t.Parallel()
	i := build(t, "webapp", runtime.GOOS)
	require.Equal(t, []string{"8080"}, i.ports)
	url, listener := socket(t)
	p := launch(t, i, i.command, []string{"LISTEN_FDS=1"}, listener)
	get(t, url+"/healthz")
	require.Contains(t, get(t, url+"/"), "<script type=\"module\"")
	requireStops(t, p)
}

func TestTheModelServerRunsFromItsImage(t *testing.T) {
	t.Parallel()
	i := build(t, "modelserver", runtime.GOOS)
	require.Equal(t, []string{"8500", "8501"}, i.ports)
	_, grpc := socket(t)
	url, rest := socket(t)
	p := launch(t, i, i.command, []string{"LISTEN_FDS=2"}, grpc, rest)
	require.Contains(t, get(t, url+"/v1/models/efficientnet"), `"AVAILABLE"`)
	requireStops(t, p)
}

func TestCommandsRunFromTheirImages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		image   string
		command []string // nil: the image's
		words   string
		code    int
	}{
		"migrate brings the database up": {"migrate", nil, "no database named", 1},
		"migrate wants a verb":           {"migrate", []string{}, "say one of: accounts, up, status", 1},
		"housekeeping sweeps":            {"housekeeping", nil, "mysql-dsn", 2},
		"housekeeping helps":             {"housekeeping", []string{"help"}, "housekeeping sweep", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := build(t, c.image, runtime.GOOS)
			command := c.command
			if command == nil {
				command = i.command
			}
			p := launch(t, i, command, []string{"SECRETS_DIR=" + t.TempDir()})
			err := p.Wait()
			require.Contains(t, p.log.String(), c.words)
			require.Equal(t, c.code, p.ProcessState.ExitCode(), "%v", err)
		})
	}
}
