package serve

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.ShutdownDelay = 2 * time.Second
	r := start(t, settings, echo)
	healthy := r.do(t, "GET", "/_/health", nil, nil)
	require.Equal(t, 200, healthy.StatusCode)
	require.Equal(t, "text/plain; charset=utf-8", healthy.Header.Get("Content-Type"))
	require.Equal(t, "OK\n", healthy.body)
	r.stop()
	r.waitUntilStopping(t)
}

// waitUntilStopping waits until the health check reports that the server is stopping.
func (r *running) waitUntilStopping(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return r.do(t, "GET", "/_/health", nil, nil).StatusCode == 503 }, 5*time.Second, time.Millisecond)
}

func TestConnectionsStayOpenUntilTheyAreOld(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	for range 3 {
		require.False(t, r.do(t, "POST", "/", strings.NewReader("words"), nil).Close)
	}

	settings := bounds()
	settings.ConnectionAge = time.Millisecond
	r = start(t, settings, func(q handler.Request) (handler.Response, error) {
		time.Sleep(5 * time.Millisecond)
		return echo(q)
	})
	last := r.do(t, "POST", "/", strings.NewReader("words"), nil)
	require.True(t, last.Close)
	require.Equal(t, "words", last.body)
}

func TestStoppingServerAnnouncesThatItClosesConnections(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.ShutdownDelay = time.Second
	g := newGate()
	r := start(t, settings, g.handle)
	finished := make(chan answer, 1)
	go func() { finished <- r.do(t, "POST", "/", strings.NewReader("begun before"), nil) }()
	<-g.entered
	r.stop()
	r.waitUntilStopping(t)
	close(g.open)
	require.True(t, (<-finished).Close)
	require.NoError(t, <-r.ended)
}

func TestIdleServerStopsWithinASecond(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*testing.T, *running){
		"no connections":         nil,
		"a connection kept open": func(t *testing.T, r *running) { r.do(t, "POST", "/", nil, nil) },
		"a connection without a request": func(t *testing.T, r *running) {
			connection, err := net.Dial("tcp", r.address)
			require.NoError(t, err)
			t.Cleanup(func() { connection.Close() })
			r.do(t, "POST", "/", nil, nil) // accepted after the one without a request
		},
		"metrics were read": func(t *testing.T, r *running) { r.scrape(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bounds(), echo)
			if prepare != nil {
				prepare(t, r)
			}
			r.stop()
			select {
			case err := <-r.ended:
				require.NoError(t, err)
			case <-time.After(3 * time.Second): // a second, and a margin for a busy machine; http.Server alone takes five
				t.Fatal("still running")
			}
			for _, l := range r.listeners { // not by dialling them: another process may have their ports by now
				_, err := l.Accept()
				require.ErrorIs(t, err, net.ErrClosed)
			}
		})
	}
}

func TestStoppingServerFinishesARunningRequestAndRefusesNewConnections(t *testing.T) {
	t.Parallel()
	g := newGate()
	r := start(t, bounds(), g.handle)
	finished := make(chan answer, 1)
	go func() { finished <- r.do(t, "POST", "/", strings.NewReader("work"), nil) }()
	<-g.entered
	r.stop()
	require.Eventually(t, func() bool {
		connection, err := net.Dial("tcp", r.address)
		if err == nil {
			connection.Close()
		}
		return err != nil
	}, 5*time.Second, time.Millisecond)
	require.Empty(t, r.ended, "while the request runs")
	close(g.open)
	require.Equal(t, "work", (<-finished).body)
	require.NoError(t, <-r.ended)
}

func TestStoppingServerWaitsForABodyThatIsStillArriving(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	body, pen := io.Pipe()
	finished := make(chan answer, 1)
	go func() { finished <- r.do(t, "POST", "/", body, nil) }()
	_, err := io.WriteString(pen, "first ")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(r.scrape(t), "\n"), `http_requests_in_flight{function_name="`+r.name+`"} 1`)
	}, 5*time.Second, time.Millisecond)
	r.stop()
	_, err = io.WriteString(pen, "second")
	require.NoError(t, err)
	require.NoError(t, pen.Close())
	require.Equal(t, "first second", (<-finished).body)
	require.NoError(t, <-r.ended)
}

func TestServerAcceptsDuringTheShutdownDelay(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.ShutdownDelay = 2 * time.Second
	r := start(t, settings, echo)
	r.stop()
	r.waitUntilStopping(t)
	for range 5 {
		fresh := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := fresh.Post("http://"+r.address, "text/plain", strings.NewReader("late"))
		require.NoError(t, err, "callers learn late that an endpoint was removed")
		require.NoError(t, response.Body.Close())
		require.Equal(t, 200, response.StatusCode)
	}
	require.NoError(t, <-r.ended)
}

func TestServeReturnsTheErrorOfAListener(t *testing.T) {
	t.Parallel()
	requests, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	metrics, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer metrics.Close()
	require.NoError(t, requests.Close())
	require.ErrorIs(t, Serve(t.Context(), t.Name(), Function{Handle: echo}, bounds(), requests, metrics), net.ErrClosed)
}
