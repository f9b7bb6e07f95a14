package serve

import (
	"net/http"
	"time"
)

// parts says whether the connection ends with the answer to this request. The caller is told with it, and so never sends a
// request on a connection that closes just then, of which it could not know whether it was read. A server that stops parts
// from all its callers; and an old connection goes so that callers which keep theirs find replicas that started later.
func (s *server) parts(r *http.Request) bool {
	c := connectionOf(r)
	return s.stopping.Load() || c != nil && time.Since(c.since) > s.settings.ConnectionAge
}
