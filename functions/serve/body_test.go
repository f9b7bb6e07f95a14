package serve

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// endless hides a body's length, so that the client sends it in chunks.
type endless struct{ io.Reader }

func TestBodiesUpToTheLimitReachTheFunction(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10} {
		body := strings.Repeat("x", size)
		require.Equal(t, body, r.do(t, "POST", "/", strings.NewReader(body), nil).body)
		require.Equal(t, body, r.do(t, "POST", "/", endless{strings.NewReader(body)}, nil).body, "chunked")
	}
}

func TestOversizedBodyIsAnsweredWith413(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	const large = 20 << 20
	waits := http.Header{"Expect": {"100-continue"}}
	for name, c := range map[string]struct {
		size    int
		chunked bool
		header  http.Header
	}{
		"one byte too many":               {64<<10 + 1, false, nil},
		"one byte too many, chunked":      {64<<10 + 1, true, nil},
		"20 MiB":                          {large, false, nil},
		"20 MiB, chunked":                 {large, true, nil},
		"20 MiB, Expect: 100-continue":    {large, false, waits},
		"20 MiB, chunked, Expect":         {large, true, waits},
		"60 MiB, still within drainBytes": {60 << 20, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body io.Reader = bytes.NewReader(make([]byte, c.size))
			if c.chunked {
				body = endless{body}
			}
			r := *r
			// Go's client waits for "100 Continue" only with this timeout.
			r.client = &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 5 * time.Second}, Timeout: 20 * time.Second}
			defer r.client.CloseIdleConnections()
			a := r.do(t, "PUT", "/", body, c.header)
			requireFault(t, a, 413, "too_large")
			require.Contains(t, a.body, "64 KiB")
		})
	}
}

// Many clients send the whole body before they read the response. They must not find the connection reset.
func TestClientThatSendsItsWholeBodyFirstSeesTheResponse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		function Function
		status   int
	}{
		"too large":    {Function{Handle: echo}, 413},
		"not admitted": {Function{Handle: echo, Admit: admitNobody}, 401},
	} {
		for _, framing := range []string{
			"Content-Length: 20971520\r\n\r\n",
			"Transfer-Encoding: chunked\r\n\r\n1400000\r\n",
			"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n1400000\r\n",
		} {
			if c.status == 401 && strings.HasPrefix(framing, "Expect") {
				continue // is answered before the body is sent
			}
			t.Run(name+", "+strings.Fields(framing)[0], func(t *testing.T) {
				r := startFunction(t, bounds(), c.function)
				connection, err := net.Dial("tcp", r.address)
				require.NoError(t, err)
				defer connection.Close()
				require.NoError(t, connection.SetDeadline(time.Now().Add(15*time.Second)))
				_, err = fmt.Fprintf(connection, "PUT / HTTP/1.1\r\nHost: x\r\n%s", framing)
				require.NoError(t, err)
				sent, err := connection.Write(make([]byte, 20<<20))
				require.NoError(t, err, "after %d bytes", sent)
				if strings.Contains(framing, "chunked") {
					_, err = io.WriteString(connection, "\r\n0\r\n\r\n")
					require.NoError(t, err)
				}
				require.Equal(t, c.status, readStatus(t, connection))
			})
		}
	}
}

// readStatus reads a response's status and skips "100 Continue".
func readStatus(t *testing.T, connection net.Conn) int {
	t.Helper()
	reader := bufio.NewReader(connection)
	for {
		response, err := http.ReadResponse(reader, nil)
		require.NoError(t, err)
		response.Body.Close()
		if response.StatusCode != http.StatusContinue {
			return response.StatusCode
		}
	}
}

func TestOversizedBodyIsRefusedBefore100Continue(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	connection, err := net.Dial("tcp", r.address)
	require.NoError(t, err)
	defer connection.Close()
	require.NoError(t, connection.SetDeadline(time.Now().Add(5*time.Second)))
	_, err = io.WriteString(connection, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 20971520\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	status, err := bufio.NewReader(connection).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 413 Request Entity Too Large\r\n", status)
}

func TestIncompleteBodyIsRefused(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.ReadTimeout = 300 * time.Millisecond
	called := make(chan struct{}, 10)
	r := start(t, settings, func(r handler.Request) (handler.Response, error) {
		called <- struct{}{}
		return echo(r)
	})
	for name, c := range map[string]struct {
		sent      string
		closeSend bool
	}{
		"cut off":           {"Content-Length: 10\r\n\r\nabc", true},
		"cut off, chunked":  {"Transfer-Encoding: chunked\r\n\r\na\r\nabc", true},
		"no end of chunks":  {"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", true},
		"no chunk size":     {"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc", true},
		"stalls":            {"Content-Length: 10\r\n\r\nabc", false},
		"stalls in a chunk": {"Transfer-Encoding: chunked\r\n\r\na\r\nabc", false},
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := net.Dial("tcp", r.address)
			require.NoError(t, err)
			defer connection.Close()
			require.NoError(t, connection.SetDeadline(time.Now().Add(5*time.Second)))
			_, err = io.WriteString(connection, "POST / HTTP/1.1\r\nHost: x\r\n"+c.sent)
			require.NoError(t, err)
			if c.closeSend {
				require.NoError(t, connection.(*net.TCPConn).CloseWrite())
			}
			response, err := http.ReadResponse(bufio.NewReader(connection), nil)
			require.NoError(t, err)
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			requireFault(t, answer{response, string(text)}, 400, "body_incomplete")
		})
	}
	require.Empty(t, called, "the function never sees half a body")
	require.Equal(t, 200, r.do(t, "POST", "/", strings.NewReader("abc"), nil).StatusCode)
}
