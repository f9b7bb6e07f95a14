package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// upload begins a request whose body never arrives in full, and returns the connection.
func upload(t *testing.T, server *httptest.Server, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = io.WriteString(c, "PUT "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\nabc")
	require.NoError(t, err)
	return c
}

func response(t *testing.T, c net.Conn) (*http.Response, string) {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return r, string(body)
}

func TestABodyThatStallsIsGivenUp(t *testing.T) {
	t.Parallel()
	received := make(chan error, 2)
	function := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		received <- err
	}))
	t.Cleanup(function.Close)
	server := serverOver(t, Config{FunctionURL: function.URL + "/{name}"}, build())
	forwarded, own := upload(t, server, "/function/predict-image"), upload(t, server, "/config.json")

	answer, body := response(t, forwarded)
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	require.Contains(t, body, "body_incomplete")
	require.True(t, answer.Close)
	require.Error(t, <-received)
	answer, _ = response(t, own)
	require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode)
	require.True(t, answer.Close)
}

func TestOneClientCannotSendTooManyBodiesAtOnce(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(upstream.Close)
	for path, most := range map[string]int{"/function/predict-image": maxBodies, uploadPath + uploadQuery: uploadsPerClient} {
		server := serverOver(t, Config{FunctionURL: upstream.URL + "/{name}", S3Endpoint: upstream.URL, S3Bucket: "photos"}, build())
		statuses := make(chan int, most+1)
		for range cap(statuses) {
			c := upload(t, server, path)
			go func() {
				r, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					statuses <- 0
					return
				}
				statuses <- r.StatusCode
			}()
		}
		require.Equal(t, http.StatusServiceUnavailable, <-statuses, "%s: before the others are given up", path)
		answer, _ := ask(t, http.MethodGet, server.URL+"/healthz", nil)
		require.Equal(t, http.StatusOK, answer.StatusCode, "requests without a body")
	}
}

// steps is a body that arrives in parts, each after a pause.
type steps struct {
	sizes []int
	pause time.Duration
}

func (s *steps) Close() error { return nil }

func (s *steps) Read(into []byte) (int, error) {
	if len(s.sizes) == 0 {
		return 0, io.EOF
	}
	time.Sleep(s.pause)
	n := min(s.sizes[0], len(into))
	s.sizes = s.sizes[1:]
	return n, nil
}

func TestPatienceGrowsWithWhatArrivesUpToALimit(t *testing.T) {
	t.Parallel()
	body := newPacedBody(httptest.NewRecorder(), &http.Request{Body: &steps{[]int{8 << 10, 8 << 10, 1 << 20}, time.Millisecond}})
	into := make([]byte, 1<<20)
	for range 2 {
		_, err := body.Read(into)
		require.NoError(t, err)
	}
	require.Greater(t, body.patience, bodyGrace+time.Second)
	require.Less(t, body.patience, bodyGrace+2*time.Second)
	_, err := body.Read(into)
	require.NoError(t, err)
	require.Equal(t, maxPause, body.patience)
	_, err = body.Read(into)
	require.ErrorIs(t, err, io.EOF)

	late := newPacedBody(httptest.NewRecorder(), &http.Request{Body: io.NopCloser(io.MultiReader(strings.NewReader("a"), failing{}))})
	_, err = io.ReadAll(late)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.True(t, late.incomplete.Load())
	require.False(t, body.incomplete.Load())
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
