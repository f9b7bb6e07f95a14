package crowd

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// lateness is how long after its answer got lost a call may still take effect.
const lateness = 6 * time.Second

// existence says whether there is a task.
type existence string

const (
	notYet  existence = "not created"
	present existence = "present"
	deleted existence = "deleted" // for good: its id makes no task again
)

// state is one that a task may be in.
type state struct {
	existence
	title, body, due string
	completed        bool
	version          int
	picture          string // its size in pixels, such as 120x80; every picture of a task has another
	status           string // of the picture: none, pending or done
}

// effect gives the states that a call may leave a task in when it takes effect in s; none where it has no effect.
type effect func(s state) []state

// late is a call whose answer got lost: it may take effect once, until a time.
type late struct {
	id     int
	effect effect
	until  time.Time
}

// candidate is a state that a task may be in, with what may still happen to it.
type candidate struct {
	state
	late []late
}

// ledger is what the one who works on a task knows about it.
type ledger struct {
	id       string
	possible []candidate
	calls    int // that got lost so far
}

func newLedger(id string) *ledger {
	return &ledger{id: id, possible: []candidate{{state: state{existence: notYet}}}}
}

// unsure notes a call that may have taken effect, or may yet.
func (l *ledger) unsure(e effect) {
	l.calls++
	for i, c := range l.possible {
		l.possible[i].late = append(slices.Clone(c.late), late{l.calls, e, time.Now().Add(lateness)})
	}
}

// sure applies a call that has taken effect and left the task as seen. It says why that can't be.
func (l *ledger) sure(e effect, begun time.Time, seen func(state) bool) error {
	before := l.reachable()
	var after []candidate
	for _, c := range before {
		for _, s := range e(c.state) {
			after = append(after, candidate{s, c.late})
		}
	}
	return l.narrow(before, after, begun, seen)
}

// observe keeps the states that agree with what an answer showed. It says why none does.
func (l *ledger) observe(begun time.Time, seen func(state) bool) error {
	before := l.reachable()
	return l.narrow(before, before, begun, seen)
}

func (l *ledger) narrow(before, after []candidate, begun time.Time, seen func(state) bool) error {
	var left []candidate
	for _, c := range after {
		if !seen(c.state) {
			continue
		}
		c.late = slices.DeleteFunc(slices.Clone(c.late), func(x late) bool { return x.until.Before(begun) })
		if !slices.ContainsFunc(left, c.same) {
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		return fmt.Errorf("task %s; possible was:%s", l.id, describe(before))
	}
	l.possible = left
	return nil
}

// reachable gives the possible states together with those that late calls, and a later recognition of a picture, lead
// to. Whoever looks at pending pictures again may do so at any time.
func (l *ledger) reachable() []candidate {
	all := slices.Clone(l.possible)
	for i := 0; i < len(all); i++ {
		c := all[i]
		for j, x := range c.late {
			rest := slices.Delete(slices.Clone(c.late), j, j+1)
			for _, s := range x.effect(c.state) {
				all = add(all, candidate{s, rest})
			}
		}
		for _, s := range recognise(c.state) {
			if c.status == "pending" {
				all = add(all, candidate{s, c.late})
			}
		}
	}
	return all
}

func add(all []candidate, c candidate) []candidate {
	if slices.ContainsFunc(all, c.same) {
		return all
	}
	return append(all, c)
}

func (c candidate) same(other candidate) bool {
	return c.state == other.state && slices.EqualFunc(c.late, other.late, func(x, y late) bool { return x.id == y.id })
}

// is says whether the task is in one of the states for sure, as far as is known.
func (l *ledger) is(e existence) bool {
	return !slices.ContainsFunc(l.reachable(), func(c candidate) bool { return c.existence != e })
}

func describe(all []candidate) string {
	var b strings.Builder
	for _, c := range all {
		fmt.Fprintf(&b, "\n    %+v, %d calls may still take effect", c.state, len(c.late))
	}
	return b.String()
}
