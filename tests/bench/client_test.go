package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheClientReadsEveryKindOfAnswer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 20_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		switch r.URL.Path {
		case "/chunked":
			for i := 0; i < len(long); i += 1000 {
				io.WriteString(w, long[i:i+1000])
				w.(http.Flusher).Flush()
			}
		case "/closes":
			w.Header().Set("Connection", "close")
			io.WriteString(w, "bye")
		case "/refuses":
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			io.WriteString(w, r.Method+" "+r.Header.Get("Authorization")+" "+string(sent))
		}
	}))
	defer server.Close()
	c := connection{address: server.Listener.Addr().String()}
	defer c.close()
	for range 2 { // the same connection, or a new one after it was closed
		a, err := c.do(request("POST", "/echo", "secret", "text/plain", []byte("hello")))
		require.NoError(t, err)
		require.Equal(t, "POST Bearer secret hello", string(a.body))
		a, err = c.do(request("GET", "/chunked", "", "", nil))
		require.NoError(t, err)
		require.Equal(t, long, string(a.body))
		a, err = c.do(request("GET", "/refuses", "", "", nil))
		require.NoError(t, err)
		require.Equal(t, 503, a.status)
		require.Equal(t, "7", a.retryAfter)
		require.Error(t, succeeds(a))
		a, err = c.do(request("GET", "/closes", "", "", nil))
		require.NoError(t, err)
		require.Equal(t, "bye", string(a.body))
		require.Nil(t, c.conn)
	}
}

// counting is a script that does at most a number of calls with others.
type counting struct {
	left  *atomic.Int64
	fails bool
}

func (c counting) call() (bool, error) {
	if c.fails {
		return false, io.ErrUnexpectedEOF
	}
	return c.left.Add(-1) >= 0, nil
}

func (counting) close() {}

func TestLoadCountsEveryCallOnce(t *testing.T) {
	t.Parallel()
	var left atomic.Int64
	left.Store(1000)
	m, err := load(t.Context(), time.Minute, []script{counting{left: &left}, counting{left: &left}, counting{left: &left}})
	require.NoError(t, err)
	require.Equal(t, 1000, m.calls)
	require.Len(t, m.latencies, 1000)
	require.IsNonDecreasing(t, m.latencies)
}

func TestLoadEndsWithItsTimeAndAtTheFirstError(t *testing.T) {
	t.Parallel()
	var endless atomic.Int64
	endless.Store(1 << 62)
	m, err := load(t.Context(), 20*time.Millisecond, []script{counting{left: &endless}})
	require.NoError(t, err)
	require.Positive(t, m.calls)
	_, err = load(t.Context(), time.Minute, []script{counting{left: &endless}, counting{fails: true}})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	m, err = load(ended, time.Minute, []script{counting{left: &endless}})
	require.NoError(t, err)
	require.Zero(t, m.calls)
}
