package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

func TestFunctionReceivesTheRequestUnchanged(t *testing.T) {
	t.Parallel()
	seen := make(chan handler.Request, 1)
	r := start(t, bounds(), func(sent handler.Request) (handler.Response, error) {
		seen <- sent
		return echo(sent)
	})
	r.do(t, "PATCH", "/?a=1&b=%C3%A9&a=2", strings.NewReader("body"), http.Header{"Authorization": {"Bearer x"}, "X-Call-Id": {"call-7"}})
	sent := <-seen
	require.Equal(t, "PATCH", sent.Method)
	require.Equal(t, "a=1&b=%C3%A9&a=2", sent.QueryString)
	require.Equal(t, "body", string(sent.Body))
	require.Equal(t, "Bearer x", sent.Header.Get("Authorization"))
	require.Equal(t, "call-7", sent.Header.Get("X-Call-Id"))
	require.Equal(t, r.address, sent.Host)
	_, bounded := sent.Context().Deadline()
	require.True(t, bounded)
}

func TestEveryPathReachesTheFunction(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("redirected") }
	for _, path := range []string{
		"/", "//", "//x", "/a/../b", "/a/./b", "/%2e", "/%2e%2e/x", "/_/healthy", "/_//health", "//_/health", "/_/health/", "/a%2Fb", "/é?x", "/metrics",
	} {
		request := &http.Request{Method: "POST", URL: &url.URL{Scheme: "http", Host: r.address, Opaque: "//" + r.address + path}}
		response, err := r.client.Do(request.WithContext(t.Context()))
		require.NoError(t, err, path)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 200, response.StatusCode, path)
		require.NotEmpty(t, response.Header.Get("X-Call-Id"), path)
	}
}

func TestCallIDs(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	for name, c := range map[string]struct {
		given string
		kept  bool
	}{
		"a UUID":             {uuid.NewString(), true},
		"any printable text": {"trace/7;a=b", true},
		"128 characters":     {strings.Repeat("x", 128), true},
		"none":               {"", false},
		"129 characters":     {strings.Repeat("x", 129), false},
		"white space within": {"a b", false},
		"a tab":              {"a\tb", false},
		"a quote":            {`a"b`, false},
		"a backslash":        {`a\nb`, false},
		"bytes beyond ASCII": {"é", false},
		"bytes beyond UTF-8": {"\xff", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := r.do(t, "GET", "/", nil, http.Header{"X-Call-Id": {c.given}}).Header.Values("X-Call-Id")
			require.Len(t, got, 1)
			if c.kept {
				require.Equal(t, c.given, got[0])
				return
			}
			require.NoError(t, uuid.Validate(got[0]))
		})
	}
}

func TestResponseHeaders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given                      handler.Response
		status                     int
		contentType, contentLength string
	}{
		"a body":            {handler.Response{StatusCode: 200, Body: []byte("abc"), Header: http.Header{"Content-Type": {"image/jpeg"}}}, 200, "image/jpeg", "3"},
		"no status":         {handler.Response{Body: []byte("abc")}, 200, "application/octet-stream", "3"},
		"no headers":        {handler.Response{StatusCode: 409}, 409, "application/octet-stream", "0"},
		"HTML is not shown": {handler.Response{StatusCode: 200, Body: []byte("<script>")}, 200, "application/octet-stream", "8"},
		// A 304 has no Content-Type, so that caches keep the stored one.
		"not modified": {handler.Response{StatusCode: 304, Header: http.Header{"Content-Type": {"image/jpeg"}, "Etag": {`"7"`}}}, 304,
			"", ""},
		"no content": {handler.Response{StatusCode: 204}, 204, "application/octet-stream", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bounds(), func(handler.Request) (handler.Response, error) { return c.given, nil })
			a := r.do(t, "GET", "/", nil, nil)
			require.Equal(t, c.status, a.StatusCode)
			require.Equal(t, string(c.given.Body), a.body)
			require.Equal(t, c.contentType, a.Header.Get("Content-Type"))
			require.Equal(t, c.contentLength, a.Header.Get("Content-Length"))
			require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
			require.NotEmpty(t, a.Header.Get("X-Call-Id"))
		})
	}
}

func TestRequestsOverTheLimitAreRefusedWithRetryAfter(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxInflight = 2
	g := newGate()
	r := start(t, settings, g.handle)
	answers := make(chan answer, 2)
	for range 2 {
		go func() { answers <- r.do(t, "POST", "/", strings.NewReader("first"), nil) }()
		<-g.entered
	}
	refused := r.do(t, "POST", "/", strings.NewReader("third"), nil)
	requireFault(t, refused, 503, "busy")
	require.Equal(t, "1", refused.Header.Get("Retry-After"))
	require.Equal(t, 200, r.do(t, "GET", "/_/health", nil, nil).StatusCode, "a busy function is healthy")

	close(g.open)
	require.Equal(t, 200, (<-answers).StatusCode)
	require.Equal(t, 200, (<-answers).StatusCode)
	require.Equal(t, "fourth", r.do(t, "POST", "/", strings.NewReader("fourth"), nil).body)
}

func TestSequentialRequestsNeedOneSlot(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxInflight = 1
	r := start(t, settings, echo)
	for i := range 300 {
		require.Equal(t, 200, r.do(t, "POST", "/", nil, nil).StatusCode, "request %d", i)
	}
}

func TestTimedOutFunctionKeepsItsSlotUntilItReturns(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.ExecTimeout, settings.MaxInflight = 100*time.Millisecond, 1
	g := newGate()
	r := start(t, settings, g.handle)
	late := r.do(t, "GET", "/", nil, nil)
	requireFault(t, late, 503, "timed_out")
	require.NotEmpty(t, late.Header.Get("Retry-After"))
	require.NotContains(t, late.body, "deadline", "the cause is for the log")

	requireFault(t, r.do(t, "POST", "/", nil, nil), 503, "busy")
	close(g.open)
	require.Eventually(t, func() bool { return r.do(t, "POST", "/", nil, nil).StatusCode == 200 }, 5*time.Second, time.Millisecond)
}

func TestFunctionMayAnswerAfterItsTimeout(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.ExecTimeout = 50 * time.Millisecond
	r := start(t, settings, func(sent handler.Request) (handler.Response, error) {
		<-sent.Context().Done()
		return handler.Response{}, fault.Unreachable("The classifier", sent.Context().Err())
	})
	requireFault(t, r.do(t, "POST", "/", nil, nil), 503, "unavailable")
}

func TestFunctionsContextEndsWhenTheClientDisconnects(t *testing.T) {
	t.Parallel()
	entered, ended := make(chan struct{}), make(chan error, 1)
	r := start(t, bounds(), func(sent handler.Request) (handler.Response, error) {
		close(entered)
		<-sent.Context().Done()
		ended <- sent.Context().Err()
		return echo(sent)
	})
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, "POST", "http://"+r.address, strings.NewReader("x"))
	require.NoError(t, err)
	go func() {
		<-entered
		leave()
	}()
	_, err = r.client.Do(request)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestFailingFunctionFailsOnlyItsOwnRequest(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), func(sent handler.Request) (handler.Response, error) {
		switch string(sent.Body) {
		case "panic":
			panic("hunter2")
		case "nil":
			var none *handler.Response
			return *none, nil
		case "error":
			return handler.Response{StatusCode: 200, Body: []byte("half")}, errors.New("hunter2")
		case "fault":
			return handler.Response{}, fault.New(fault.NotFound, "none", "None.")
		}
		return echo(sent)
	})
	for _, body := range []string{"panic", "nil", "error"} {
		a := r.do(t, "POST", "/", strings.NewReader(body), http.Header{"X-Call-Id": {r.name + body}})
		requireFault(t, a, 500, "internal")
		require.NotContains(t, a.body, "hunter2")
		require.NotContains(t, a.body, "goroutine")
		failures := logged.entries(t, map[string]any{"msg": "request failed", "callId": r.name + body})
		require.Len(t, failures, 1)
		require.NotEmpty(t, failures[0]["cause"])
		require.Equal(t, "still here", r.do(t, "POST", "/", strings.NewReader("still here"), nil).body)
	}
	requireFault(t, r.do(t, "POST", "/", strings.NewReader("fault"), nil), 404, "none")
}

func TestEachRequestIsOneLogLine(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	const token = "Bearer eyJ-secret"
	r.do(t, "POST", "/?id=hidden", strings.NewReader("12345"), http.Header{"X-Call-Id": {r.name + "-1"}, "Authorization": {token}})
	r.do(t, "PUT", "/", strings.NewReader(strings.Repeat("x", 65<<10)), http.Header{"X-Call-Id": {r.name + "-2"}})
	r.do(t, "MADEUP", "/", nil, http.Header{"X-Call-Id": {r.name + "-3"}})
	r.do(t, "GET", "/_/health", nil, nil)

	var lines []map[string]any
	require.Eventually(t, func() bool {
		lines = logged.entries(t, map[string]any{"msg": "request", "function": r.name})
		return len(lines) == 3
	}, 5*time.Second, time.Millisecond)
	for i, want := range []map[string]any{
		{"callId": r.name + "-1", "method": "POST", "status": 200.0, "bytesIn": 5.0, "bytesOut": 5.0},
		{"callId": r.name + "-2", "method": "PUT", "status": 413.0, "bytesIn": 0.0},
		{"callId": r.name + "-3", "method": "other", "status": 200.0, "bytesIn": 0.0, "bytesOut": 0.0},
	} {
		require.Subset(t, lines[i], want)
		require.IsType(t, 0.0, lines[i]["ms"])
	}
	require.NotContains(t, logged.String(), "eyJ-secret")
	require.NotContains(t, logged.String(), "id=hidden")
}

// A response that the client does not read occupies memory, so its request counts as in flight until it is sent.
func TestUnreadResponseKeepsItsSlot(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxInflight = 1
	served := make(chan struct{}, 8)
	r := start(t, settings, func(handler.Request) (handler.Response, error) {
		served <- struct{}{}
		return handler.Response{Body: make([]byte, 64<<20)}, nil
	})
	slow, err := net.Dial("tcp", r.address)
	require.NoError(t, err)
	defer slow.Close()
	_, err = fmt.Fprint(slow, "GET / HTTP/1.1\r\nHost: function\r\n\r\n")
	require.NoError(t, err)
	<-served
	for range 3 {
		require.Equal(t, http.StatusServiceUnavailable, r.do(t, "GET", "/", nil, nil).StatusCode)
	}
	read, err := io.CopyN(io.Discard, slow, 64<<20)
	require.NoError(t, err)
	require.EqualValues(t, 64<<20, read)
}

func TestResponsesOfAnySizeArriveInFull(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789abcde\n", 300_000/16)
	r := start(t, bounds(), func(q handler.Request) (handler.Response, error) {
		size, err := strconv.Atoi(q.QueryString)
		return handler.Response{StatusCode: http.StatusOK, Body: []byte(text[:size])}, err
	})
	for _, size := range []int{0, 1, 2, 2048, 2049, 4095, 4096, 4097, 300_000} {
		require.Equal(t, text[:size], r.do(t, "GET", fmt.Sprint("/?", size), nil, nil).body, size)
	}
}
