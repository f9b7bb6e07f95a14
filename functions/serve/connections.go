package serve

import (
	"net/http"
	"time"

	"snaptask/functions/serve/connections"
)

// shouldClose reports whether the connection closes with the response to r: because the server is stopping, because the
// connection is old, so that clients which reuse connections find replicas that started later, or because connections are getting
// scarce. The response announces it (Connection: close), so no client sends its next request on a connection that is being closed.
func (s *server) shouldClose(r *http.Request) bool {
	connection := connections.Of(r.Context())
	return s.stopping.Load() || connection != nil && time.Since(connection.Accepted) > s.settings.ConnectionAge || s.connections.Crowded()
}

// newConnGrace is how long a drain waits for the first request of a new connection, which may be on its way.
const newConnGrace = 200 * time.Millisecond
