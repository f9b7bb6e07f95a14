package serve

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a function's server as a process of its own.
type process struct {
	*exec.Cmd
	log bytes.Buffer
}

// launch starts the test binary again as a function's server that inherits files from descriptor 3 on.
func launch(t *testing.T, env []string, stdin io.Reader, files ...*os.File) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.Env = append(os.Environ(), append(env, roleVariable+"=function", "PORT=0", "METRICS_PORT=0")...)
	p.Stdin, p.Stderr, p.ExtraFiles = stdin, &p.log, files
	require.NoError(t, p.Start())
	return p
}

// socket is an open port of the machine, as a parent process holds it.
func socket(t *testing.T) (address string, file *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	file, err = l.(*net.TCPListener).File()
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	return l.Addr().String(), file
}

func post(address, body string) (string, error) {
	response, err := (&http.Client{Timeout: 20 * time.Second}).Post("http://"+address, "text/plain", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

func TestInheritedListenersOutliveTheProcess(t *testing.T) {
	t.Parallel()
	address, function := socket(t)
	metricsAddress, observed := socket(t)
	inherits := []string{"LISTEN_FDS=2"}

	first := launch(t, inherits, nil, function, observed)
	text, err := post(address, "hello")
	require.NoError(t, err)
	require.Equal(t, "hello", text)
	response, err := http.Get("http://" + metricsAddress + "/metrics")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 200, response.StatusCode)
	require.NoError(t, first.Process.Kill())
	require.Error(t, first.Wait())

	waiting := make(chan error, 1)
	go func() {
		_, err := post(address, "while nobody is there")
		waiting <- err
	}()
	second := launch(t, inherits, nil, function, observed)
	require.NoError(t, <-waiting, "callers wait rather than fail")
	require.NoError(t, second.Process.Signal(syscall.SIGTERM))
	require.NoError(t, second.Wait(), "%s", &second.log)
}

func TestTheProcessFinishesItsWorkWhenToldToStop(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(p *process, stdin io.Closer) error{
		"SIGTERM":      func(p *process, _ io.Closer) error { return p.Process.Signal(syscall.SIGTERM) },
		"interrupt":    func(p *process, _ io.Closer) error { return p.Process.Signal(os.Interrupt) },
		"end of input": func(_ *process, stdin io.Closer) error { return stdin.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, function := socket(t)
			_, observed := socket(t)
			stdin, pen := io.Pipe()
			p := launch(t, []string{"LISTEN_FDS=2", "EXIT_ON_STDIN_EOF=1"}, stdin, function, observed)
			_, err := post(address, "ready")
			require.NoError(t, err)

			answered := make(chan string, 1)
			go func() {
				text, _ := post(address, "slow")
				answered <- text
			}()
			time.Sleep(100 * time.Millisecond) // so that the request is running; its 500 ms are not over
			require.NoError(t, how(p, pen))
			require.Equal(t, "slow", <-answered)
			require.NoError(t, pen.Close())
			require.NoError(t, p.Wait(), "exit code 0: %s", &p.log)
			for line := range strings.Lines(p.log.String()) {
				require.True(t, strings.HasPrefix(line, "{"), "every line of the log is JSON: %s", line)
			}
		})
	}
}

func TestAProcessThatCannotServeExitsWithWords(t *testing.T) {
	t.Parallel()
	_, function := socket(t)
	notASocket, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer notASocket.Close()
	for name, c := range map[string]struct {
		env   []string
		files []*os.File
		words string
	}{
		"nothing inherited":     {[]string{"LISTEN_FDS=2"}, nil, "inherited listener http"},
		"not a socket":          {[]string{"LISTEN_FDS=2"}, []*os.File{notASocket, function}, "inherited listener http"},
		"metrics not inherited": {[]string{"LISTEN_FDS=2"}, []*os.File{function}, "inherited listener metrics"},
		"a wrong setting":       {[]string{"EXEC_TIMEOUT=soon"}, nil, "EXEC_TIMEOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, c.env, nil, c.files...)
			var exit *exec.ExitError
			require.ErrorAs(t, p.Wait(), &exit)
			require.Equal(t, 1, exit.ExitCode(), "%s", &p.log)
			require.Contains(t, p.log.String(), c.words)
			require.Contains(t, p.log.String(), `"msg":"can't serve"`)
		})
	}
}
