package auth

import (
	"context"
	"slices"
	"sync"
)

// queue lets a few callers work at a time. The others wait: known callers before unknown ones, and of those the ones from each
// address in turn, so that many calls from one address delay those from another by one turn at most. When too many wait, the last
// call from the address with the most of them is refused.
type queue struct {
	mu      sync.Mutex
	free    int // slots
	waiting int
	longest int // maximum of waiting
	known   line
	unknown []*line // by address, in the order of their turns
}

// line holds the callers that wait for the same turns, first come first served.
type line struct {
	address string
	waiting []chan bool // receives true for a slot, false for a refusal
}

// wait reports whether the caller got a slot, which it must then release with done. It gets none if it is refused or ctx ends.
func (q *queue) wait(ctx context.Context, address string, known bool) bool {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return true
	}
	turn := make(chan bool, 1)
	q.add(address, known, turn)
	q.mu.Unlock()
	select {
	case got := <-turn:
		return got
	case <-ctx.Done():
	}
	q.mu.Lock()
	left := q.remove(turn)
	q.mu.Unlock()
	if !left && <-turn { // it got a slot at the last moment
		q.done()
	}
	return false
}

// done passes the caller's slot to the next one, or frees it if none waits.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	var from *line
	switch {
	case len(q.known.waiting) > 0:
		from = &q.known
	case len(q.unknown) > 0:
		from = q.unknown[0]
		q.unknown = append(q.unknown[1:], from) // to the end
	default:
		q.free++
		return
	}
	next := from.waiting[0]
	q.remove(next)
	next <- true
}

// add lets a caller wait. If that makes too many, it refuses one: an unknown one if there is any.
func (q *queue) add(address string, known bool, turn chan bool) {
	to := &q.known
	if !known {
		to = q.lineOf(address)
	}
	to.waiting = append(to.waiting, turn)
	if q.waiting++; q.waiting <= q.longest {
		return
	}
	fullest := &q.known
	for i, l := range q.unknown {
		if i == 0 || len(l.waiting) >= len(fullest.waiting) { // the newest of equally full lines
			fullest = l
		}
	}
	last := fullest.waiting[len(fullest.waiting)-1]
	q.remove(last)
	last <- false
}

// lineOf returns the line of an address. If there is none, it adds one at the end.
func (q *queue) lineOf(address string) *line {
	for _, l := range q.unknown {
		if l.address == address {
			return l
		}
	}
	l := &line{address: address}
	q.unknown = append(q.unknown, l)
	return l
}

// remove takes a caller out of its line, and the line out of the queue when it is empty. It reports whether the caller waited.
func (q *queue) remove(turn chan bool) bool {
	if q.known.remove(turn) {
		q.waiting--
		return true
	}
	for i, l := range q.unknown {
		if !l.remove(turn) {
			continue
		}
		q.waiting--
		if len(l.waiting) == 0 {
			q.unknown = slices.Delete(q.unknown, i, i+1)
		}
		return true
	}
	return false
}

func (l *line) remove(turn chan bool) bool {
	i := slices.Index(l.waiting, turn)
	if i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	return i >= 0
}
