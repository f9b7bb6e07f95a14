package server

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"
)

// minAge is how long a connection stays open at least, unless its address has too many, so that a client that sends its request at
// once is served even when many others connect.
const minAge = 100 * time.Millisecond

// connections bounds the open connections, in all and of one address. Beyond a bound it closes the oldest one without a request,
// then the one that has been idle longest. functions/serve/connections bounds those of a function in the same way; this
// server imports only telemetry of the functions, and counts by address.
type connections struct {
	most, each int
	trusted    []netip.Prefix // proxies, of whose connections each may have as many as all

	mu      sync.Mutex
	open    map[net.Conn]*connection
	of      map[string]int // open connections by address
	waiting list.List      // without a request so far, the oldest first
	idle    list.List      // between two requests, idle for the longest time first
}

// connection is an open connection.
type connection struct {
	net.Conn
	address string
	since   time.Time     // of its state
	in      *list.List    // waiting, idle, or nil while a request is served
	place   *list.Element // in that list
}

func newConnections(most, each int, trusted []netip.Prefix) *connections {
	return &connections{most: most, each: each, trusted: trusted, open: map[net.Conn]*connection{}, of: map[string]int{}}
}

// bound makes server close connections beyond the limits.
func (c *connections) bound(server *http.Server) {
	server.ConnContext = c.accept
	server.ConnState = c.track
}

// accept is an http.Server's ConnContext, which is called in the loop that accepts connections.
func (c *connections) accept(ctx context.Context, accepted net.Conn) context.Context {
	address, each := c.addressOf(accepted)
	for {
		room, wait := c.makeRoom(address, each)
		if wait <= 0 {
			if !room { // every connection's request is being served
				accepted.Close()
				return ctx
			}
			runtime.Gosched() // first read what clients that were accepted before have sent
			break
		}
		time.Sleep(wait)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	added := &connection{Conn: accepted, address: address}
	c.open[accepted] = added
	c.of[address]++
	added.enter(&c.waiting)
	return ctx
}

// addressOf returns the address by which a connection counts, and how many it may have.
func (c *connections) addressOf(accepted net.Conn) (address string, each int) {
	remote := accepted.RemoteAddr().String()
	ip, err := parseHop(remote)
	switch {
	case err != nil:
		return remote, c.each
	case slices.ContainsFunc(c.trusted, func(p netip.Prefix) bool { return p.Contains(ip) }):
		return network(ip), c.most
	}
	return network(ip), c.each
}

// makeRoom closes a connection if there are too many. It returns whether there is room for another one, or how long the next one to
// close must still stay open. One of an address that has too many is closed at once: while a connection waits, so do those of all
// other addresses.
func (c *connections) makeRoom(address string, each int) (room bool, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var next *connection
	age := minAge
	switch {
	case each < c.most && c.of[address] >= each:
		next, age = c.oldest(address), 0
	case len(c.open) >= c.most:
		next = c.oldest("")
	default:
		return true, 0
	}
	if next == nil {
		return false, 0
	}
	if wait = age - time.Since(next.since); wait <= 0 {
		c.forget(next)
		next.Close()
	}
	return true, wait
}

// oldest returns the connection to close first, of an address unless that is empty, or nil.
func (c *connections) oldest(address string) *connection {
	for _, l := range []*list.List{&c.waiting, &c.idle} {
		for e := l.Front(); e != nil; e = e.Next() {
			if candidate := e.Value.(*connection); address == "" || candidate.address == address {
				return candidate
			}
		}
	}
	return nil
}

// count returns the number of open connections.
func (c *connections) count() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return float64(len(c.open))
}

func (c *connections) forget(gone *connection) {
	gone.enter(nil)
	delete(c.open, gone.Conn)
	if c.of[gone.address]--; c.of[gone.address] == 0 {
		delete(c.of, gone.address)
	}
}

// track is an http.Server's ConnState.
func (c *connections) track(accepted net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tracked := c.open[accepted]
	if tracked == nil {
		return
	}
	switch state {
	case http.StateActive:
		tracked.enter(nil)
	case http.StateIdle:
		tracked.enter(&c.idle)
	case http.StateClosed, http.StateHijacked:
		c.forget(tracked)
	}
}

func (c *connection) enter(l *list.List) {
	if c.in != nil {
		c.in.Remove(c.place)
	}
	c.in, c.place, c.since = l, nil, time.Now()
	if l != nil {
		c.place = l.PushBack(c)
	}
}
