package serve

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

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
	require.Eventually(t, func() bool { return r.do(t, "GET", "/_/health", nil, nil).StatusCode == 503 }, time.Second, time.Millisecond)
}

func TestAnIdleServerIsOverWithinASecond(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*testing.T, *running){
		"never asked":             nil,
		"a connection kept alive": func(t *testing.T, r *running) { r.do(t, "POST", "/", nil, nil) },
		"a connection that is silent": func(t *testing.T, r *running) {
			connection, err := net.Dial("tcp", r.address)
			require.NoError(t, err)
			t.Cleanup(func() { connection.Close() })
			r.do(t, "POST", "/", nil, nil) // the silent one was accepted before this one
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
			case <-time.After(3 * time.Second): // a second, and some for a busy machine; http.Server alone takes five
				t.Fatal("still there")
			}
			for _, l := range r.listeners { // not by calling them: another process may have their ports by now
				_, err := l.Accept()
				require.ErrorIs(t, err, net.ErrClosed)
			}
		})
	}
}

func TestARunningRequestIsFinished(t *testing.T) {
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
	}, 5*time.Second, time.Millisecond, "new callers are turned away")
	require.Empty(t, r.ended, "while the request runs")
	close(g.open)
	require.Equal(t, "work", (<-finished).body)
	require.NoError(t, <-r.ended)
}

func TestABodyThatIsStillArrivingIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	body, pen := io.Pipe()
	finished := make(chan answer, 1)
	go func() { finished <- r.do(t, "POST", "/", body, nil) }()
	_, err := io.WriteString(pen, "first ")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return len(r.scrape(t)) > 0 && strings.Contains(strings.Join(r.scrape(t), "\n"), `http_requests_in_flight{function_name="`+r.name+`"} 1`)
	}, 5*time.Second, time.Millisecond)
	r.stop()
	_, err = io.WriteString(pen, "second")
	require.NoError(t, err)
	require.NoError(t, pen.Close())
	require.Equal(t, "first second", (<-finished).body)
	require.NoError(t, <-r.ended)
}

func TestTheShutdownDelayGoesOnAccepting(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.ShutdownDelay = 2 * time.Second
	r := start(t, settings, echo)
	r.stop()
	require.Eventually(t, func() bool { return r.do(t, "GET", "/_/health", nil, nil).StatusCode == 503 }, time.Second, time.Millisecond)
	for range 5 {
		fresh := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := fresh.Post("http://"+r.address, "text/plain", strings.NewReader("late"))
		require.NoError(t, err, "endpoints lag behind, so callers still come")
		require.NoError(t, response.Body.Close())
		require.Equal(t, 200, response.StatusCode)
	}
	require.NoError(t, <-r.ended)
}

func TestAServerThatCannotServeSaysSo(t *testing.T) {
	t.Parallel()
	function, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	observed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer observed.Close()
	require.NoError(t, function.Close())
	require.ErrorIs(t, serve(t.Context(), t.Name(), echo, bounds(), function, observed), net.ErrClosed)
}
