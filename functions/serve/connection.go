package serve

import (
	"context"
	"net"
	"net/http"
	"time"
)

// heldBytes is how much of an answer a connection keeps back at most.
const heldBytes = 16 << 10

// connection is a caller's. http.Server sends an answer in pieces of 4 KiB; a connection can put those of a short one
// together, since each costs a system call here and a wake-up there.
type connection struct {
	*net.TCPConn
	since   time.Time
	holding bool
	held    []byte
}

// accepting is a listener that makes connections of what it accepts.
type accepting struct{ net.Listener }

func (a accepting) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		return &connection{TCPConn: tcp, since: time.Now()}, nil
	}
	return c, nil
}

// known is the key of a request's connection.
type known struct{}

// withConnection is an http.Server's ConnContext.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, known{}, c)
}

// connectionOf is nil for a request that came on none.
func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(known{}).(*connection)
	return c
}

// hold says whether more of an answer follows what is written from now on.
func (c *connection) hold(more bool) {
	if c != nil {
		c.holding = more
	}
}

// Write sends what was held together with p, or holds p too.
func (c *connection) Write(p []byte) (int, error) {
	if c.holding && len(c.held)+len(p) <= heldBytes {
		c.held = append(c.held, p...)
		return len(p), nil
	}
	if len(c.held) == 0 {
		return c.TCPConn.Write(p)
	}
	held := len(c.held)
	both := net.Buffers{c.held, p}
	n, err := both.WriteTo(c.TCPConn)
	c.held = c.held[:0]
	return max(0, int(n)-held), err
}
