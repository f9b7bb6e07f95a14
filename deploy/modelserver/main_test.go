package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// asServer makes this test's own binary run as the server.
const asServer = "MODELSERVER_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a running server and the first line of its log.
type process struct {
	*exec.Cmd
	stdin io.Closer
	GRPC  string
	REST  string
	Error string `json:"cause"`
}

// start runs the server, until the test ends, with arguments, inherited files and environment.
func start(t *testing.T, files []*os.File, environment []string, args ...string) *process {
	p := &process{Cmd: exec.Command(os.Args[0], args...)}
	p.Env = append(append(os.Environ(), asServer+"=1"), environment...)
	p.ExtraFiles = files
	log, err := p.StderrPipe()
	require.NoError(t, err)
	p.stdin, err = p.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		if p.ProcessState == nil {
			p.Process.Kill()
			p.Wait()
		}
	})
	lines := bufio.NewReader(log)
	line, err := lines.ReadBytes('\n')
	require.NoError(t, err, "%s", line)
	require.NoError(t, json.Unmarshal(line, p), "%s", line)
	if p.Error != "" {
		more, err := io.ReadAll(lines)
		require.NoError(t, err)
		require.Empty(t, string(more), "the error is one line, without a stack")
	}
	return p
}

func (p *process) answers(t *testing.T) {
	response, err := http.Get("http://" + p.REST + "/v1/models/efficientnet")
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)

	connection, err := grpc.NewClient(p.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { connection.Close() })
	reply, err := pb.NewModelServiceClient(connection).GetModelStatus(t.Context(),
		&pb.GetModelStatusRequest{ModelSpec: &pb.ModelSpec{Name: "efficientnet"}})
	require.NoError(t, err)
	require.EqualValues(t, 1, reply.GetModelVersionStatus()[0].GetVersion())
}

// ends waits until the server has ended and returns its exit code.
func (p *process) ends(t *testing.T) int {
	done := make(chan struct{})
	go func() {
		p.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		require.Fail(t, "the server does not end")
	}
	return p.ProcessState.ExitCode()
}

func TestServesTheBundledModelUntilSIGTERM(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil, "-grpc", "127.0.0.1:0", "-rest", "127.0.0.1:0", "-cpus", "1")
	p.answers(t)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Zero(t, p.ends(t))
}

func TestServesInheritedListenersUntilStdinEnds(t *testing.T) {
	t.Parallel()
	var files []*os.File
	var addresses []string
	for range 2 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		file, err := listener.(*net.TCPListener).File()
		require.NoError(t, err)
		files, addresses = append(files, file), append(addresses, listener.Addr().String())
		require.NoError(t, listener.Close())
	}
	p := start(t, files, []string{"LISTEN_FDS=2", "EXIT_ON_STDIN_EOF=1"})
	require.Equal(t, addresses, []string{p.GRPC, p.REST})
	p.answers(t)
	require.NoError(t, p.stdin.Close())
	require.Zero(t, p.ends(t))
}

// TestRunningPredictionIsFinishedAfterSIGTERM sends SIGTERM while a request's body is still being sent.
func TestRunningPredictionIsFinishedAfterSIGTERM(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil, "-grpc", "127.0.0.1:0", "-rest", "127.0.0.1:0")
	connection, err := net.Dial("tcp", p.REST)
	require.NoError(t, err)
	defer connection.Close()
	const body = `{"instances": [[1]]}`
	_, err = io.WriteString(connection, "POST /v1/models/efficientnet:predict HTTP/1.1\r\nHost: m\r\nContent-Length: 20\r\n"+
		"Expect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	replies := bufio.NewReader(connection)
	line, err := replies.ReadString('\n') // by now the server reads the body
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue")

	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		other, err := net.Dial("tcp", p.REST)
		if err == nil {
			other.Close()
		}
		return err != nil
	}, 5*time.Second, 10*time.Millisecond, "new connections are refused")
	_, err = io.WriteString(connection, body)
	require.NoError(t, err)
	answer, err := io.ReadAll(replies)
	require.NoError(t, err)
	require.Contains(t, string(answer), "400 Bad Request")
	require.Contains(t, string(answer), "must have the shape")
	require.Zero(t, p.ends(t))
}

func TestUnusableModelOrAddressIsReportedAndExits(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile("model/efficientnet-lite0/1/saved_model.pb")
	require.NoError(t, err)
	corrupt := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(corrupt, "saved_model.pb"), whole[:len(whole)/2], 0o600))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()

	for cause, args := range map[string][]string{
		"not a SavedModel, or incomplete": {"-model", corrupt},
		"no such file or directory":       {"-model", filepath.Join(corrupt, "gone")},
		"REST: listen tcp":                {"-grpc", "127.0.0.1:0", "-rest", taken.Addr().String()},
		"unexpected argument":             {"serve"},
		"-cpus must be 1 or more":         {"-cpus", "0"},
		"-name must not be empty":         {"-name", ""},
	} {
		p := start(t, nil, nil, args...)
		require.Contains(t, p.Error, cause)
		require.Equal(t, 1, p.ends(t), cause)
	}
	p := start(t, nil, []string{"LISTEN_FDS=3"})
	require.Contains(t, p.Error, "want 2 listeners")
	require.Equal(t, 1, p.ends(t))
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, run(ctx, []string{"-grpc", "127.0.0.1:0", "-rest", "127.0.0.1:0"}))
}
