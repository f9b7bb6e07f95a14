package stories

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// mode is how a relay treats the connections through it.
type mode string

const (
	well    mode = "well"
	stalled mode = "stalled" // takes connections and bytes, and passes nothing on until it is well again
	refused mode = "refused" // takes no connection and ends those there are
	cut     mode = "cut"     // passes a request on and ends the connection when its answer begins
)

// relay stands between a function and one of its servers, and can be told to misbehave.
type relay struct {
	address string // HOST:PORT
	target  string

	mu          sync.Mutex
	changed     *sync.Cond
	mode        mode
	listener    net.Listener
	connections map[net.Conn]struct{}
}

// newRelay is a relay to target that does well.
func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	r := &relay{target: target, address: "127.0.0.1:0", mode: refused, connections: map[net.Conn]struct{}{}}
	r.changed = sync.NewCond(&r.mu)
	r.set(t, well)
	t.Cleanup(func() { r.set(t, refused) })
	return r
}

// set changes how the relay treats its connections, those it has too.
func (r *relay) set(t *testing.T, m mode) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.mode
	r.mode = m
	r.changed.Broadcast()
	if m == refused && was != refused {
		r.listener.Close()
		for c := range r.connections {
			c.Close()
		}
	}
	if m != refused && was == refused {
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
		go r.connect(client)
	}
}

func (r *relay) connect(client net.Conn) {
	defer r.keep(client)()
	r.now() // a stalled server takes the connection and says nothing
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer r.keep(server)()
	go r.pass(client, server, false)
	r.pass(server, client, true)
}

// keep remembers a connection until the function that it gives is called, which closes it.
func (r *relay) keep(c net.Conn) (closes func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mode == refused {
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

// now waits while the relay is stalled and gives its mode then.
func (r *relay) now() mode {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.mode == stalled {
		r.changed.Wait()
	}
	return r.mode
}

// pass copies what one side sends to the other, and ends both when that is over.
func (r *relay) pass(from, to net.Conn, answers bool) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if m := r.now(); m == refused || m == cut && answers {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
