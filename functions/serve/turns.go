package serve

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turns admits a bounded number of calls at once, in total and for each user. The others wait. Users take turns, so the waiting calls
// of one user delay a call of another by one of them at most.
type turns struct {
	each  int // calls of one user at once
	queue int // waiting calls of one user

	mu    sync.Mutex
	free  int              // places
	room  int              // for further waiting calls, of all users
	lines map[string]*line // of each user with a call
	next  []*line          // lines with a call that may be admitted, in the order of their turns
}

// line is what one user has running and waiting.
type line struct {
	running int
	waiting []chan struct{} // closed when the call is admitted; the oldest first
	isNext  bool            // is in turns.next
}

func newTurns(places, each, queue, room int) *turns {
	return &turns{free: places, each: each, queue: queue, room: room, lines: map[string]*line{}}
}

// enter waits for a place for a call of the user, until ctx ends or patience runs out. It reports whether the call is admitted,
// and then leave must be called.
func (t *turns) enter(ctx context.Context, user string, patience time.Duration) bool {
	admitted := t.join(user)
	if admitted == nil {
		return false
	}
	select {
	case <-admitted:
		return true
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-admitted:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return !t.abandon(user, admitted)
}

// atOnce is the channel of a call that need not wait.
var atOnce = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// join puts a call in its user's line. The channel is closed when the call is admitted; it is nil if too many wait.
func (t *turns) join(user string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[user]
	if l == nil {
		l = &line{}
		t.lines[user] = l
	}
	switch {
	case t.free > 0 && l.running < t.each: // then no waiting call could be admitted
		t.free--
		l.running++
		return atOnce
	case len(l.waiting) >= t.queue || t.room == 0:
		t.tidy(user, l)
		return nil
	}
	t.room--
	admitted := make(chan struct{})
	l.waiting = append(l.waiting, admitted)
	t.queueUp(l)
	return admitted
}

// leave frees the place of a call of the user.
func (t *turns) leave(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[user]
	t.free++
	l.running--
	t.admit(l)
	t.tidy(user, l)
}

// abandon removes a waiting call. It reports false if the call was admitted in the meantime.
func (t *turns) abandon(user string, admitted chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[user]
	at := slices.Index(l.waiting, admitted)
	if at < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, at, at+1)
	t.room++
	t.tidy(user, l)
	return true
}

// tidy forgets the line of a user without calls.
func (t *turns) tidy(user string, l *line) {
	if l.running == 0 && len(l.waiting) == 0 {
		delete(t.lines, user)
	}
}

// admit puts a line that has changed among the next ones if it has a call to admit, and admits calls while there are places.
func (t *turns) admit(changed *line) {
	t.queueUp(changed)
	for t.free > 0 && len(t.next) > 0 {
		l := t.next[0]
		t.next = t.next[1:]
		l.isNext = false
		if len(l.waiting) == 0 {
			continue // its calls were abandoned
		}
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
		t.room++
		t.free--
		l.running++
		t.queueUp(l)
	}
}

func (t *turns) queueUp(l *line) {
	if !l.isNext && len(l.waiting) > 0 && l.running < t.each {
		t.next = append(t.next, l)
		l.isNext = true
	}
}
