package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// bounded starts a server with bounded connections and returns its address.
func bounded(t *testing.T, c *connections, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handle)
	c.bound(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// dialFrom connects from an address of this machine.
func dialFrom(t *testing.T, from, to string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := dialer.DialContext(t.Context(), "tcp", to)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	return c
}

// get sends a request and returns the status of the response, or 0 if the connection is closed.
func get(c net.Conn) int {
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

func TestOneAddressCannotTakeAllConnections(t *testing.T) {
	t.Parallel()
	c := newConnections(6, 3, nil)
	address := bounded(t, c, healthy)
	other := dialFrom(t, "127.0.0.2", address)
	require.Equal(t, 200, get(other))
	var greedy []net.Conn
	for range 12 {
		greedy = append(greedy, dialFrom(t, "127.0.0.1", address))
	}
	require.Equal(t, 200, get(greedy[11]))
	require.Equal(t, 200, get(other), "of another address")
	require.Zero(t, get(greedy[0]), "the oldest is closed first")
	c.mu.Lock()
	defer c.mu.Unlock()
	require.LessOrEqual(t, c.of["127.0.0.1"], 3)
}

func TestAnAddressWithTooManyConnectionsDelaysNoOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConnections(6, 3, nil)
		var all []net.Conn
		begun := time.Now()
		for range 9 {
			one, peer := net.Pipe()
			t.Cleanup(func() { peer.Close() })
			c.accept(t.Context(), one)
			all = append(all, peer)
		}
		require.Zero(t, time.Since(begun), "nothing waits for a connection to grow old")
		require.Len(t, c.open, 3)
		_, err := all[5].Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "the oldest are closed")
	})
}

func TestATrustedProxyMayTakeAllConnections(t *testing.T) {
	t.Parallel()
	c := newConnections(6, 3, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	address := bounded(t, c, healthy)
	for range 2 {
		var all []net.Conn
		for range 6 {
			all = append(all, dialFrom(t, "127.0.0.1", address))
		}
		for _, one := range all {
			require.Equal(t, 200, get(one))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	require.LessOrEqual(t, len(c.open), 6)
}

func TestAConnectionIsNotClosedWhileItsRequestIsServed(t *testing.T) {
	t.Parallel()
	entered, finish := make(chan struct{}, 4), make(chan struct{})
	address := bounded(t, newConnections(2, 2, nil), func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-finish
		healthy(w, r)
	})
	answers := make(chan int, 2)
	for range 2 {
		c := dialFrom(t, "127.0.0.1", address)
		go func() { answers <- get(c) }()
		<-entered
	}
	require.Zero(t, get(dialFrom(t, "127.0.0.1", address)), "there is no room")
	close(finish)
	require.Equal(t, 200, <-answers)
	require.Equal(t, 200, <-answers)
}
