// Package connections bounds the open connections of an HTTP server, so that any number of clients costs bounded memory.
package connections

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"
)

// minAge is how long a connection has to be in its state before it may be closed: a client that sends its request at once is served
// even when many others connect. Until there is one to close, new connections wait in the listener.
const minAge = 100 * time.Millisecond

// A connection is in one of these states. To make room, connections are closed in this order, and in each state the one that has
// been in it longest first. Served ones are never closed.
const (
	refused  = iota // a request was refused, and the rest of its body is discarded
	waiting         // no request so far, or only a part of its header
	idle            // between two requests
	arriving        // a request's body is arriving; closed only if no connection is in one of the states above
	served          // a request is being served
)

// Limiter bounds the open connections of one server. To accept one beyond the bound it closes another, in the order of their
// states, but none whose request is being served.
type Limiter struct {
	most   int
	mu     sync.Mutex
	open   map[net.Conn]*Conn
	states [served + 1]list.List // of *Conn, in the order in which they entered the state
}

// Conn is an open connection.
type Conn struct {
	net.Conn
	Accepted time.Time

	limiter *Limiter
	state   int
	since   time.Time     // of the state
	place   *list.Element // in the list of the state; nil once the connection is closed
}

// NewLimiter returns a Limiter that allows at most this many open connections.
func NewLimiter(most int) *Limiter { return &Limiter{most: most, open: map[net.Conn]*Conn{}} }

// Bound makes server close connections beyond the limit. It sets the server's ConnContext and ConnState.
func (l *Limiter) Bound(server *http.Server) {
	server.ConnContext = l.accept
	server.ConnState = l.track
}

type key struct{}

// Of returns the connection of a request, given its context, or nil if its server has no Limiter.
func Of(ctx context.Context) *Conn {
	c, _ := ctx.Value(key{}).(*Conn)
	return c
}

// accept is an http.Server's ConnContext, which is called in the loop that accepts connections.
func (l *Limiter) accept(ctx context.Context, accepted net.Conn) context.Context {
	l.makeRoom()
	now := time.Now()
	c := &Conn{Conn: accepted, Accepted: now, limiter: l, state: waiting, since: now}
	l.mu.Lock()
	l.open[accepted] = c
	c.place = l.states[waiting].PushBack(c)
	full := len(l.open) > l.most
	l.mu.Unlock()
	if full { // every other connection's request is being served
		l.close(c)
	}
	return context.WithValue(ctx, key{}, c)
}

// makeRoom closes a connection if there are as many as allowed. It waits until one may be closed.
func (l *Limiter) makeRoom() {
	for {
		c, wait := l.nextToClose()
		switch {
		case c == nil:
			return
		case wait <= 0:
			l.close(c)
			runtime.Gosched() // first read what clients that were accepted before have sent
			return
		}
		time.Sleep(wait)
	}
}

// nextToClose returns the connection to close for a new one and how long it must still stay open, or nil if there is room or every
// request is being served.
func (l *Limiter) nextToClose() (*Conn, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) < l.most {
		return nil, 0
	}
	var next *Conn
	for state := range served {
		first := l.states[state].Front()
		if first == nil || next != nil && state == arriving {
			continue
		}
		c := first.Value.(*Conn)
		if time.Since(c.since) >= minAge {
			return c, 0
		}
		if next == nil || c.since.Before(next.since) {
			next = c
		}
	}
	if next == nil {
		return nil, 0
	}
	return next, minAge - time.Since(next.since)
}

// close closes a connection and forgets it.
func (l *Limiter) close(c *Conn) {
	l.mu.Lock()
	l.forget(c)
	l.mu.Unlock()
	c.Close()
}

func (l *Limiter) forget(c *Conn) {
	if c.place == nil {
		return
	}
	l.states[c.state].Remove(c.place)
	c.place = nil
	delete(l.open, c.Conn)
}

// track is an http.Server's ConnState.
func (l *Limiter) track(accepted net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.open[accepted]
	if c == nil {
		return
	}
	switch state {
	case http.StateActive:
		c.enter(served)
	case http.StateIdle:
		c.enter(idle)
	case http.StateClosed, http.StateHijacked:
		l.forget(c)
	}
}

func (c *Conn) enter(state int) {
	if c.place == nil {
		return
	}
	c.limiter.states[c.state].Remove(c.place)
	c.state, c.since = state, time.Now()
	c.place = c.limiter.states[state].PushBack(c)
}

// Arrives marks the connection as one whose request's body is arriving, until Served is called.
func (c *Conn) Arrives() { c.change(arriving) }

// Refused marks the connection as one whose request was refused, until Served is called.
func (c *Conn) Refused() { c.change(refused) }

// Served marks the connection as one whose request is being served. It is in this state already when
// the handler is called.
func (c *Conn) Served() { c.change(served) }

func (c *Conn) change(state int) {
	if c == nil {
		return
	}
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	c.enter(state)
}

// Crowded reports whether more than half as many connections as allowed are open.
func (l *Limiter) Crowded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open) > l.most/2
}

// CloseWaiting closes the connections that have sent no request, such as those that proxies open in advance.
// http.Server.Shutdown waits 5 s for each of them.
func (l *Limiter) CloseWaiting() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for first := l.states[waiting].Front(); first != nil; first = l.states[waiting].Front() {
		c := first.Value.(*Conn)
		l.forget(c)
		c.Close()
	}
}
