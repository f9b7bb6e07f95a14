package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
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

// launch runs Main in a process of its own.
func launch(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), roleVariable+"=function", "PORT=0", "METRICS_PORT=0"), env...)
	return cmd
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

func TestSignalsLetRunningRequestsFinish(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			cmd := launch(t)
			stderr, err := cmd.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			log := bufio.NewReader(stderr)
			first, err := log.ReadBytes('\n')
			require.NoError(t, err)
			var serving struct{ Address string }
			require.NoError(t, json.Unmarshal(first, &serving))
			_, port, err := net.SplitHostPort(serving.Address)
			require.NoError(t, err)

			response := make(chan string, 1)
			go func() {
				text, _ := post("127.0.0.1:"+port, "slow")
				response <- text
			}()
			time.Sleep(100 * time.Millisecond) // the request is running by now, and takes 500 ms
			require.NoError(t, cmd.Process.Signal(signal))
			require.Equal(t, "slow", <-response)
			rest, err := io.ReadAll(log)
			require.NoError(t, err)
			require.NoError(t, cmd.Wait(), "exit code 0: %s", rest)
			for line := range strings.Lines(string(rest)) {
				require.True(t, json.Valid([]byte(line)), "every line of the log is JSON: %s", line)
			}
		})
	}
}

func TestWrongSettingIsLoggedAndExitsWith1(t *testing.T) {
	t.Parallel()
	cmd := launch(t, "EXEC_TIMEOUT=soon")
	var log bytes.Buffer
	cmd.Stderr = &log
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit)
	require.Equal(t, 1, exit.ExitCode(), "%s", &log)
	require.Contains(t, log.String(), "EXEC_TIMEOUT")
	require.Contains(t, log.String(), `"msg":"can't serve"`)
}
