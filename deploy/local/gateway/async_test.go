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

// notified returns a function, and the requests that it receives.
func notified(t *testing.T) (function *Function, received chan *http.Request) {
	t.Helper()
	received = make(chan *http.Request, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		received <- r
	}))
	t.Cleanup(server.Close)
	return &Function{Name: "notified", Address: strings.TrimPrefix(server.URL, "http://"), Process: &fake{}}, received
}

func TestAsyncCallPostsItsResponse(t *testing.T) {
	t.Parallel()
	function, posted := notified(t)
	r := newRig(t, describeRequest, function)
	response, answer := send(t, "POST", r.url+"/async-function/echo/a?x=1", "body",
		"X-Callback-Url", r.url+"/function/notified/here?y=2", "X-Call-Id", "mine")
	require.Equal(t, http.StatusAccepted, response.StatusCode)
	require.Empty(t, answer)
	require.Equal(t, "mine", response.Header.Get("X-Call-Id"))

	got := <-posted
	require.Equal(t, "POST /here?y=2", got.Method+" "+got.RequestURI)
	body, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	require.Equal(t, "POST /a?x=1 body", string(body))
	require.Equal(t, "418", got.Header.Get("X-Function-Status"))
	require.Equal(t, "echo", got.Header.Get("X-Function-Name"))
	require.Equal(t, "mine", got.Header.Get("X-Call-Id"))
	require.NotEmpty(t, got.Header.Get("X-Duration-Seconds"))
}

func TestFewAsyncCallsRunAtOnce(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int32
	function, posted := notified(t)
	r := newRig(t, func(http.ResponseWriter, *http.Request) {
		now := running.Add(1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		time.Sleep(50 * time.Millisecond)
		running.Add(-1)
	}, function)
	const calls = 3 * asyncCalls
	for range calls {
		response, _ := send(t, "POST", r.url+"/async-function/echo", "", "X-Callback-Url", "http://gateway.openfaas:8080/function/notified.openfaas-fn")
		require.Equal(t, http.StatusAccepted, response.StatusCode)
	}
	for range calls {
		require.Equal(t, "200", (<-posted).Header.Get("X-Function-Status"))
	}
	require.LessOrEqual(t, most.Load(), int32(asyncCalls))
	require.Greater(t, most.Load(), int32(1))
}

func TestAsyncCallToACrashingFunctionPosts503(t *testing.T) {
	t.Parallel()
	function, posted := notified(t)
	r := newRig(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, function)
	send(t, "POST", r.url+"/async-function/echo", "", "X-Callback-Url", r.url+"/function/notified")
	require.Equal(t, "503", (<-posted).Header.Get("X-Function-Status"))
}

func TestCallbackToAnotherServerIsRefused(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the gateway called it") }))
	defer elsewhere.Close()
	r := newRig(t, describeRequest)
	for _, address := range []string{
		elsewhere.URL, elsewhere.URL + "/function/echo", "http://169.254.169.254/function/echo", "http://gateway.example.org:8080/function/echo",
		r.url, r.url + "/system/functions", r.url + "/function/other", r.url + "/function/", r.url + "/function/echo.default",
		r.url + "/function/../system/functions", "https" + strings.TrimPrefix(r.url, "http") + "/function/echo", "ftp://example.org", "/function/echo", "%",
	} {
		response, answer := send(t, "POST", r.url+"/async-function/echo", "", "X-Callback-Url", address)
		require.Equal(t, http.StatusBadRequest, response.StatusCode, address)
		require.Contains(t, answer, "X-Callback-Url", address)
		require.Contains(t, <-r.events, "refused an asynchronous call of echo: X-Callback-Url", address)
	}
}

func TestAsyncCallIsRefused(t *testing.T) {
	t.Parallel()
	block := make(chan struct{})
	r := newRig(t, func(http.ResponseWriter, *http.Request) { <-block })
	t.Cleanup(func() { close(block) })
	tests := map[string]struct {
		method, body string
		status       int
	}{
		"not a post": {"GET", "", 405},
		"too large":  {"POST", strings.Repeat("x", maxMessage+1), 413},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response, _ := send(t, test.method, r.url+"/async-function/echo", test.body)
			require.Equal(t, test.status, response.StatusCode)
		})
	}

	for range asyncCalls + queueBytes/maxMessage {
		_, _ = send(t, "POST", r.url+"/async-function/echo", strings.Repeat("x", maxMessage))
	}
	full, _ := send(t, "POST", r.url+"/async-function/echo", strings.Repeat("x", maxMessage))
	require.Equal(t, http.StatusServiceUnavailable, full.StatusCode)
	require.NotEmpty(t, full.Header.Get("Retry-After"))
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	q := newQueue()
	large := &asyncCall{body: make([]byte, queueBytes/4), header: http.Header{"A": {strings.Repeat("x", queueBytes/4)}}}
	require.True(t, q.add(large))
	require.False(t, q.add(large), "headers count as well")
	q.removed(<-q.calls)
	for range queueLength {
		require.True(t, q.add(&asyncCall{path: "x"}))
	}
	require.False(t, q.add(&asyncCall{path: "x"}))
	for range queueLength {
		q.removed(<-q.calls)
	}
	require.Zero(t, q.bytes.Load())
}

func TestAsyncCallReachesTheFunctionUnchanged(t *testing.T) {
	t.Parallel()
	function, received := notified(t)
	r := newRig(t, describeRequest, function)
	address := strings.Replace(r.url, "http://", "http://user:secret@", 1)
	response, err := testClient.Post(address+"/async-function/notified/a?x=1", "application/json; charset=utf-8", strings.NewReader(`{"Records":[]}`))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusAccepted, response.StatusCode)

	got := <-received
	require.Equal(t, "POST /a?x=1", got.Method+" "+got.RequestURI)
	body, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	require.Equal(t, `{"Records":[]}`, string(body))
	require.Equal(t, "application/json; charset=utf-8", got.Header.Get("Content-Type"))
	require.Equal(t, basic("user", "secret"), got.Header.Get("Authorization"))
	require.Equal(t, response.Header.Get("X-Call-Id"), got.Header.Get("X-Call-Id"))
}

func TestFailedAsyncCallIsNotRepeated(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	function, posted := notified(t)
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}, function)
	for range 2 {
		send(t, "POST", r.url+"/async-function/echo", "", "X-Callback-Url", r.url+"/function/notified")
		require.Equal(t, "503", (<-posted).Header.Get("X-Function-Status"))
		require.Equal(t, "an asynchronous call of echo failed and is not repeated: it answered 503", <-r.events)
	}
	require.EqualValues(t, 2, calls.Load())
}
