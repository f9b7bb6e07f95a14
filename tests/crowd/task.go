package crowd

import (
	"encoding/json"
	"fmt"
)

const (
	labels     = 10   // that a recognised picture has
	leastScore = 0.05 // of a label that a task is found by
)

// task is one as clients read it.
type task struct {
	ID, Title, Body, DueDate, ImageStatus string
	Completed, Upload                     bool
	Version                               int
	Labels                                []string
	Predictions                           []struct{ Score float64 }
}

// task decodes an answer that is one.
func (got answer) task() (task, error) {
	var t task
	if err := json.Unmarshal(got.body, &t); err != nil {
		return t, fmt.Errorf("no task: %w: %.300s", err, got.body)
	}
	return t, t.check()
}

// check says what is wrong with a task by itself.
func (t task) check() error {
	wanted := 0
	if t.ImageStatus == "done" {
		wanted = labels
	}
	if len(t.Labels) != wanted || len(t.Predictions) != wanted {
		return fmt.Errorf("task %s is %s and has %d labels", t.ID, t.ImageStatus, len(t.Labels))
	}
	return nil
}

// in says whether a task that is in state s looks like t.
func (t task) in(s state) bool {
	return s.existence == present && t.Title == s.title && t.Body == s.body && t.DueDate == s.due && t.Completed == s.completed &&
		t.Version == s.version && t.Upload == (s.picture != "") && t.ImageStatus == s.status
}

// absent says whether there is no task in state s.
func absent(s state) bool { return s.existence != present }
