package stories

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// mode is how a relay handles its connections.
type mode string

const (
	working  mode = "working"
	stalled  mode = "stalled"  // accepts connections and bytes, but forwards nothing until the mode changes
	refusing mode = "refusing" // accepts no connections and closes the open ones
	cutting  mode = "cutting"  // forwards a request and closes the connection when the answer begins
)

// relay stands between a function and one of its servers and fails on demand.
type relay struct {
	address string // HOST:PORT
	target  string

	mu          sync.Mutex
	changed     *sync.Cond
	mode        mode
	listener    net.Listener
	connections map[net.Conn]struct{}
}

// newRelay returns a working relay to target.
func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	r := &relay{target: target, address: "127.0.0.1:0", mode: refusing, connections: map[net.Conn]struct{}{}}
	r.changed = sync.NewCond(&r.mu)
	r.set(t, working)
	t.Cleanup(func() { r.set(t, refusing) })
	return r
}

// set changes the mode, also for open connections.
func (r *relay) set(t *testing.T, m mode) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.mode
	r.mode = m
	r.changed.Broadcast()
	if m == refusing && was != refusing {
		r.listener.Close()
		for c := range r.connections {
			c.Close()
		}
	}
	if m != refusing && was == refusing {
		listener, err := net.Listen("tcp", r.address)
		require.NoError(t, err)
		r.listener, r.address = listener, listener.Addr().String()
		go r.accept(listener)
	}
}

func (r *relay) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer r.add(client)()
			r.awaitStall()
			server, err := net.Dial("tcp", r.target)
			if err != nil {
				return
			}
			defer r.add(server)()
			go r.pass(client, server, false)
			r.pass(server, client, true)
		}()
	}
}

// add registers a connection; remove unregisters and closes it.
func (r *relay) add(c net.Conn) (remove func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mode == refusing {
		c.Close()
	}
	r.connections[c] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.connections, c)
		c.Close()
	}
}

// awaitStall waits while the relay is stalled and then returns its mode.
func (r *relay) awaitStall() mode {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.mode == stalled {
		r.changed.Wait()
	}
	return r.mode
}

// pass copies from one connection to the other and closes both at the end.
func (r *relay) pass(from, to net.Conn, answers bool) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if m := r.awaitStall(); m == refusing || m == cutting && answers {
			return
		}
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}
