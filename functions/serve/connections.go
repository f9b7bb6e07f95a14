package serve

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// acceptTimeKey is the context key of the time at which a request's connection was accepted.
type acceptTimeKey struct{}

// withAcceptTime is an http.Server's ConnContext.
func withAcceptTime(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, acceptTimeKey{}, time.Now())
}

// shouldClose reports whether the connection closes with the response to r: because the server is stopping, or because the
// connection is old, so that clients which reuse connections find replicas that started later. The response announces it
// (Connection: close), so no client sends its next request on a connection that is being closed.
func (s *server) shouldClose(r *http.Request) bool {
	accepted, ok := r.Context().Value(acceptTimeKey{}).(time.Time)
	return s.stopping.Load() || ok && time.Since(accepted) > s.settings.ConnectionAge
}

// newConnGrace is how long a drain waits for the first request of a new connection, which may be on its way.
const newConnGrace = 200 * time.Millisecond

// newConns are the connections without a request so far, such as those that proxies open in advance. http.Server.Shutdown
// waits 5 s for each of them, so an idle function would take that long to stop.
type newConns struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// track is an http.Server's ConnState.
func (n *newConns) track(c net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state != http.StateNew {
		delete(n.conns, c)
		return
	}
	if n.conns == nil {
		n.conns = map[net.Conn]bool{}
	}
	n.conns[c] = true
}

func (n *newConns) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		c.Close()
	}
}
