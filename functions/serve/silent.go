package serve

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// hearing is how long a drain waits for a first request that may be on its way.
const hearing = 200 * time.Millisecond

// silent are the connections on which nothing was asked yet, such as those that proxies open ahead of need. Shutdown of
// http.Server waits 5 s for each, which an idle function has no reason to.
type silent struct {
	mu          sync.Mutex
	connections map[net.Conn]struct{}
}

// track is an http.Server's ConnState.
func (s *silent) track(connection net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.connections[connection] = struct{}{}
	} else {
		delete(s.connections, connection)
	}
}

// close ends those that are still silent.
func (s *silent) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for connection := range s.connections {
		connection.Close()
	}
}
