// Package relay stands between a client and a server in a test and fails on demand.
package relay

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Mode is how a relay handles its connections.
type Mode string

const (
	Working  Mode = "working"
	Stalled  Mode = "stalled"  // accepts connections and bytes, but forwards nothing until the mode changes
	Refusing Mode = "refusing" // accepts no connections and closes the open ones
	Cutting  Mode = "cutting"  // forwards a request and closes the connection when the answer begins
)

// Relay forwards connections to a server.
type Relay struct {
	Address string // HOST:PORT
	target  string

	mu          sync.Mutex
	changed     *sync.Cond
	mode        Mode
	listener    net.Listener
	connections map[net.Conn]struct{}
}

// New returns a working relay to target, which ends with the test.
func New(t *testing.T, target string) *Relay {
	t.Helper()
	r := &Relay{target: target, Address: "127.0.0.1:0", mode: Refusing, connections: map[net.Conn]struct{}{}}
	r.changed = sync.NewCond(&r.mu)
	r.Set(t, Working)
	t.Cleanup(func() { r.Set(t, Refusing) })
	return r
}

// Set changes the mode, also for open connections.
func (r *Relay) Set(t *testing.T, m Mode) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.mode
	r.mode = m
	r.changed.Broadcast()
	if m == Refusing && was != Refusing {
		r.listener.Close()
		for c := range r.connections {
			c.Close()
		}
	}
	if m != Refusing && was == Refusing {
		listener, err := net.Listen("tcp", r.Address)
		require.NoError(t, err)
		r.listener, r.Address = listener, listener.Addr().String()
		go r.accept(listener)
	}
}

// Mode returns the mode.
func (r *Relay) Mode() Mode {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mode
}

func (r *Relay) accept(listener net.Listener) {
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
func (r *Relay) add(c net.Conn) (remove func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mode == Refusing {
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
func (r *Relay) awaitStall() Mode {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.mode == Stalled {
		r.changed.Wait()
	}
	return r.mode
}

// pass copies from one connection to the other and closes both at the end.
func (r *Relay) pass(from, to net.Conn, answers bool) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if m := r.awaitStall(); m == Refusing || m == Cutting && answers {
			return
		}
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}
