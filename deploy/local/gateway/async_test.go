package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// callback returns a URL, and the requests that are posted to it.
func callback(t *testing.T) (url string, posted chan *http.Request) {
	t.Helper()
	posted = make(chan *http.Request, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		posted <- r
	}))
	t.Cleanup(server.Close)
	return server.URL, posted
}

func TestAsyncCallPostsItsResponse(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	url, posted := callback(t)
	response, answer := send(t, "POST", r.url+"/async-function/echo/a?x=1", "body", "X-Callback-Url", url, "X-Call-Id", "mine")
	require.Equal(t, http.StatusAccepted, response.StatusCode)
	require.Empty(t, answer)
	require.Equal(t, "mine", response.Header.Get("X-Call-Id"))

	got := <-posted
	body, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	require.Equal(t, "POST /a?x=1 body", string(body))
	require.Equal(t, "418", got.Header.Get("X-Function-Status"))
	require.Equal(t, "echo", got.Header.Get("X-Function-Name"))
	require.Equal(t, "mine", got.Header.Get("X-Call-Id"))
	require.NotEmpty(t, got.Header.Get("X-Duration-Seconds"))
}

func TestAsyncCallsRunOneAtATime(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int32
	r := newRig(t, func(http.ResponseWriter, *http.Request) {
		most.Store(max(most.Load(), running.Add(1)))
		time.Sleep(10 * time.Millisecond)
		running.Add(-1)
	})
	url, posted := callback(t)
	const calls = 5
	for range calls {
		response, _ := send(t, "POST", r.url+"/async-function/echo", "", "X-Callback-Url", url)
		require.Equal(t, http.StatusAccepted, response.StatusCode)
	}
	for range calls {
		require.Equal(t, "200", (<-posted).Header.Get("X-Function-Status"))
	}
	require.EqualValues(t, 1, most.Load())
}

func TestAsyncCallToACrashingFunctionPosts503(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	url, posted := callback(t)
	send(t, "POST", r.url+"/async-function/echo", "", "X-Callback-Url", url)
	require.Equal(t, "503", (<-posted).Header.Get("X-Function-Status"))
}

func TestAsyncCallIsRefused(t *testing.T) {
	t.Parallel()
	block := make(chan struct{})
	r := newRig(t, func(http.ResponseWriter, *http.Request) { <-block })
	t.Cleanup(func() { close(block) })
	tests := map[string]struct {
		method, body, callback string
		status                 int
	}{
		"not a post":      {"GET", "", "", 405},
		"too large":       {"POST", strings.Repeat("x", maxMessage+1), "", 413},
		"no such address": {"POST", "", "ftp://example.org", 400},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response, _ := send(t, test.method, r.url+"/async-function/echo", test.body, "X-Callback-Url", test.callback)
			require.Equal(t, test.status, response.StatusCode)
		})
	}

	var full *http.Response
	for range queueLength + 2 { // one may already have left the queue
		full, _ = send(t, "POST", r.url+"/async-function/echo", "")
	}
	require.Equal(t, http.StatusServiceUnavailable, full.StatusCode)
	require.NotEmpty(t, full.Header.Get("Retry-After"))
}
