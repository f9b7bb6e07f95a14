package serve

import (
	"context"
	"net"
	"net/http"
	"time"
)

// begun is the key of the time at which a request's connection was made.
type begun struct{}

// dated is an http.Server's ConnContext.
func dated(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, begun{}, time.Now())
}

// parts says whether the connection ends with the answer to this request. The caller is told with it, and so never sends a
// request on a connection that closes just then, of which it could not know whether it was read. A server that stops parts
// from all its callers; and an old connection goes so that callers which keep theirs find replicas that started later.
func (s *server) parts(r *http.Request) bool {
	since, known := r.Context().Value(begun{}).(time.Time)
	return s.stopping.Load() || known && time.Since(since) > s.settings.ConnectionAge
}
