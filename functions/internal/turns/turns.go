// Package turns lets a few callers work at once. The others wait in lines that take turns, so that many callers in one line delay a
// caller in another by one of them at most.
package turns

import (
	"context"
	"slices"
	"sync"

	"snaptask/functions/telemetry"
)

// Limits are the limits of a Queue. A number that is 0 is no limit.
type Limits struct {
	WaitFor         string // such as "a slot", in traces
	Working         int    // callers at once
	LineWorking     int    // callers of one line at once
	Waiting         int    // further callers
	LineWaiting     int    // further callers of one line
	FullestGivesWay bool   // if Waiting is exceeded, the last caller in the fullest line is refused, not the newest caller
}

// Line identifies the line in which a caller waits. Its callers are served in the order of their arrival.
type Line struct {
	Name  string
	First bool // its turns come before those of other lines, and it gives way only if no other waits
}

// Queue lets callers work within its Limits.
type Queue struct {
	limits   Limits
	waitName string

	mu      sync.Mutex
	waiting []*caller // lines take turns in the order of their first callers
	working map[Line]int
	total   int // the sum of working
}

type caller struct {
	line Line
	turn chan bool // receives true for a turn, false for a refusal
}

// New returns an empty Queue.
func New(l Limits) *Queue {
	return &Queue{limits: l, waitName: "wait for " + l.WaitFor, working: map[Line]int{}}
}

// Wait waits for a turn and reports whether the caller got one, which it must then end with done. It gets none if too many wait, or
// if ctx ends before a turn is free.
func (q *Queue) Wait(ctx context.Context, line Line) (done func(), ok bool) {
	_, waited := telemetry.Begin(ctx, telemetry.Wait, q.waitName)
	defer func() { waited(ctx.Err()) }()
	c := &caller{line, make(chan bool, 1)}
	q.arrive(c)
	select {
	case ok = <-c.turn:
	case <-ctx.Done():
		q.mu.Lock()
		q.refuse(c)
		q.mu.Unlock()
		ok = <-c.turn
	}
	return func() { q.leave(line) }, ok
}

func (q *Queue) arrive(c *caller) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, c)
	q.admit()
	if exceeds(q.length(c.line), q.limits.LineWaiting) {
		q.refuse(c)
	}
	if exceeds(len(q.waiting), q.limits.Waiting) {
		if q.limits.FullestGivesWay {
			c = q.lastInFullest()
		}
		q.refuse(c)
	}
}

func (q *Queue) leave(line Line) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.working[line] == q.limits.LineWorking {
		q.moveToEnd(line) // while it was at its limit, others waited for a turn and it did not
	}
	q.total--
	if q.working[line]--; q.working[line] == 0 {
		delete(q.working, line)
	}
	q.admit()
}

// admit lets callers work while the limits allow it.
func (q *Queue) admit() {
	for !exceeds(q.total+1, q.limits.Working) {
		c := q.next()
		if c == nil {
			return
		}
		q.remove(c)
		q.moveToEnd(c.line)
		q.total++
		q.working[c.line]++
		c.turn <- true
	}
}

// next returns the caller who has the next turn, or nil if none may work.
func (q *Queue) next() *caller {
	var next *caller
	for _, c := range q.waiting {
		if !exceeds(q.working[c.line]+1, q.limits.LineWorking) && (next == nil || c.line.First && !next.line.First) {
			next = c
		}
	}
	return next
}

// lastInFullest returns the caller who gives way.
func (q *Queue) lastInFullest() *caller {
	last, most := q.waiting[len(q.waiting)-1], 0
	for _, c := range q.waiting {
		if n := q.length(c.line); n >= most && !c.line.First {
			last, most = c, n
		}
	}
	return last
}

// refuse refuses a caller who still waits.
func (q *Queue) refuse(c *caller) {
	if q.remove(c) {
		c.turn <- false
	}
}

// remove reports whether the caller waited.
func (q *Queue) remove(c *caller) bool {
	i := slices.Index(q.waiting, c)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// moveToEnd puts the turns of a line after those of the others.
func (q *Queue) moveToEnd(line Line) {
	var others, own []*caller
	for _, c := range q.waiting {
		if c.line == line {
			own = append(own, c)
		} else {
			others = append(others, c)
		}
	}
	q.waiting = append(others, own...)
}

// length returns how many callers wait in a line.
func (q *Queue) length(line Line) (n int) {
	for _, c := range q.waiting {
		if c.line == line {
			n++
		}
	}
	return n
}

// exceeds reports whether there are more callers than a limit allows.
func exceeds(callers, limit int) bool { return limit > 0 && callers > limit }
