package workload

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"snaptask/tests/client"
)

// maxDelay is how long a write may still take effect after its answer was lost.
const maxDelay = 6 * time.Second

// existence is whether a task exists.
type existence string

const (
	notCreated existence = "not created"
	present    existence = "present"
	deleted    existence = "deleted" // for good: its id can't be used again
)

// state is a state of a task.
type state struct {
	existence
	client.Change        // with the version that the task has
	size          string // of the image in pixels, such as 120x80, which identifies it; empty without one
	status        string // of the image: none, pending or done
}

// write returns the states in which a call may leave a task if it takes effect in s; none if it can't take effect in s.
type write func(s state) []state

// lostWrite is a write whose answer was lost. It may take effect once, no later than until.
type lostWrite struct {
	write
	until time.Time
}

// outcome is a state that a task may be in, with the lost writes that may still take effect in it.
type outcome struct {
	state
	lost []*lostWrite
}

// record is what one window knows about a task from its answers.
type record struct {
	id       string
	possible []outcome
}

func newRecord(id string) *record {
	return &record{id, []outcome{{state: state{existence: notCreated}}}}
}

// addLost records a write that may have taken effect or may do so later.
func (r *record) addLost(w write) {
	lost := &lostWrite{w, time.Now().Add(maxDelay)}
	for i := range r.possible {
		r.possible[i].lost = append(slices.Clone(r.possible[i].lost), lost)
	}
}

// add records an answer: a call that began at begun has taken effect and has left the task in a state that matches. It returns an error
// if this contradicts earlier answers.
func (r *record) add(w write, begun time.Time, matches func(state) bool) error {
	before := r.reachable()
	var after []outcome
	for _, o := range before {
		remaining := slices.DeleteFunc(slices.Clone(o.lost), func(l *lostWrite) bool { return l.until.Before(begun) })
		for _, s := range w(o.state) {
			if matches(s) {
				after = appendNew(after, outcome{s, remaining})
			}
		}
	}
	if len(after) == 0 {
		var b strings.Builder
		for _, o := range before {
			fmt.Fprintf(&b, "\n    %+v, %d lost writes", o.state, len(o.lost))
		}
		return fmt.Errorf("task %s; possible states:%s", r.id, &b)
	}
	r.possible = after
	return nil
}

// reachable returns the possible outcomes, including those after lost writes and after a sweep that classifies a pending image.
func (r *record) reachable() []outcome {
	all := slices.Clone(r.possible)
	for i := 0; i < len(all); i++ {
		o := all[i]
		for j, l := range o.lost {
			for _, s := range l.write(o.state) {
				all = appendNew(all, outcome{s, slices.Delete(slices.Clone(o.lost), j, j+1)})
			}
		}
		if o.status == "pending" {
			for _, s := range predict(o.state) {
				all = appendNew(all, outcome{s, o.lost})
			}
		}
	}
	return all
}

func appendNew(all []outcome, o outcome) []outcome {
	if slices.ContainsFunc(all, func(x outcome) bool { return x.state == o.state && slices.Equal(x.lost, o.lost) }) {
		return all
	}
	return append(all, o)
}

// isPresent reports whether the task exists in every outcome.
func (r *record) isPresent() bool {
	return !slices.ContainsFunc(r.reachable(), func(o outcome) bool { return o.existence != present })
}
