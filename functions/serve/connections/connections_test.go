package connections

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serve starts a server with a Limiter and returns its address.
func serve(t *testing.T, most int, handle http.HandlerFunc) (*Limiter, string) {
	t.Helper()
	limiter := NewLimiter(most)
	server := httptest.NewUnstartedServer(handle)
	limiter.Bound(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	return limiter, server.Listener.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	return c
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
}

func status(c net.Conn) int {
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

func ok(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

// isClosed reports whether the server closes the connection.
func isClosed(c net.Conn) bool {
	_, err := io.ReadAll(c)
	return err == nil || !err.(net.Error).Timeout()
}

// waitIdle waits until so many connections are idle: the server notes it after the response.
func (l *Limiter) waitIdle(t *testing.T, count int) {
	t.Helper()
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.states[idle].Len() == count
	}, 5*time.Second, time.Millisecond)
}

func TestTheOldestConnectionWithoutARequestIsClosedFirst(t *testing.T) {
	t.Parallel()
	limiter, address := serve(t, 3, ok)
	first := dial(t, address)
	send(t, first, get)
	require.Equal(t, 200, status(first))
	silent := dial(t, address)
	partial := dial(t, address)
	send(t, partial, "GET / HTTP/1.1\r\nHost: ")
	time.Sleep(2 * minAge)

	fourth := dial(t, address)
	send(t, fourth, get)
	require.Equal(t, 200, status(fourth))
	require.True(t, isClosed(silent))
	limiter.waitIdle(t, 2)

	fifth := dial(t, address)
	send(t, fifth, get)
	require.Equal(t, 200, status(fifth))
	require.True(t, isClosed(partial))
	limiter.waitIdle(t, 3)

	send(t, first, get)
	require.Equal(t, 200, status(first), "it had a request")
	limiter.waitIdle(t, 3)
	time.Sleep(2 * minAge)

	sixth := dial(t, address)
	send(t, sixth, get)
	require.Equal(t, 200, status(sixth))
	require.True(t, isClosed(fourth), "idle for longer than the others")
}

func TestARefusedCallersConnectionIsClosedBeforeOthers(t *testing.T) {
	t.Parallel()
	entered, finish := make(chan struct{}, 1), make(chan struct{})
	defer close(finish)
	_, address := serve(t, 2, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			Of(r.Context()).Refused()
			entered <- struct{}{}
			<-finish
		}
		ok(w, r)
	})
	silent, refused := dial(t, address), dial(t, address)
	send(t, refused, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
	<-entered
	time.Sleep(2 * minAge)
	third := dial(t, address)
	send(t, third, get)
	require.Equal(t, 200, status(third))
	require.True(t, isClosed(refused))
	send(t, silent, get)
	require.Equal(t, 200, status(silent))
}

func TestAConnectionIsNeverClosedWhileItsRequestIsServed(t *testing.T) {
	t.Parallel()
	entered, finish := make(chan struct{}, 3), make(chan struct{})
	_, address := serve(t, 2, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-finish
		ok(w, r)
	})
	var held []net.Conn
	for range 2 {
		c := dial(t, address)
		send(t, c, get)
		<-entered
		held = append(held, c)
	}
	require.True(t, isClosed(dial(t, address)), "no room")
	close(finish)
	for _, c := range held {
		require.Equal(t, 200, status(c))
	}
}

func TestAConnectionWhoseBodyArrivesIsClosedLast(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{}, 3)
	limiter, address := serve(t, 2, func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 0 {
			Of(r.Context()).Arrives()
			entered <- struct{}{}
			io.Copy(io.Discard, r.Body)
			Of(r.Context()).Served()
		}
		ok(w, r)
	})
	slow := dial(t, address)
	send(t, slow, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
	<-entered
	silent := dial(t, address)
	require.Eventually(t, limiter.Crowded, 5*time.Second, time.Millisecond)
	time.Sleep(2 * minAge)
	third := dial(t, address)
	send(t, third, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
	<-entered
	require.True(t, isClosed(silent))
	time.Sleep(2 * minAge)
	fourth := dial(t, address)
	send(t, fourth, get)
	require.Equal(t, 200, status(fourth))
	require.True(t, isClosed(slow))
}

func TestManyConnectionsNeverExceedTheLimitAndARequestGetsThrough(t *testing.T) {
	t.Parallel()
	const most = 20
	limiter, address := serve(t, most, ok)
	for range 100 {
		dial(t, address)
	}
	for range 10 {
		c := dial(t, address)
		send(t, c, get)
		require.Equal(t, 200, status(c))
	}
	limiter.mu.Lock()
	defer limiter.mu.Unlock()
	require.LessOrEqual(t, len(limiter.open), most)
	count := 0
	for state := range limiter.states {
		count += limiter.states[state].Len()
	}
	require.Equal(t, len(limiter.open), count)
}
