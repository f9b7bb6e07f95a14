package workload

import (
	"net/url"
	"slices"
	"time"

	"snaptask/tests/client"
)

// minScore is the minimum score of a label by which a task is found.
const minScore = 0.05

// check compares everything that was acknowledged to the user with what the application returns now that it works. It returns the
// number of tasks and the number of those with an image.
func (u *user) check() (tasks, images int) {
	var list answer[[]client.Task]
	u.untilAnswered("list", func() bool { list = u.list(200); return !list.failed() })
	listed, created, byLabel := map[string]client.Task{}, map[string]bool{}, map[string][]string{}
	for _, task := range list.value {
		listed[task.ID] = task
		if task.ImageStatus == "done" && task.Predictions[0].Score >= minScore {
			byLabel[task.Labels[0]] = append(byLabel[task.Labels[0]], task.ID)
		}
		if task.ImageStatus == "pending" {
			u.t.Errorf("the image of task %s is pending after a sweep", task.ID)
		}
	}
	for _, w := range u.windows {
		for _, r := range w.records {
			created[r.id] = true
			w.compare(r, list)
			if listed[r.id].Upload {
				images++
				u.untilAnswered("full image", func() bool { return w.readImage(r, "full") })
				u.untilAnswered("thumbnail", func() bool { return w.readImage(r, "thumb") })
			}
		}
	}
	for id, task := range listed {
		if !created[id] {
			u.t.Errorf("nobody created this task: %+v", task)
		}
	}
	for label, ids := range byLabel {
		u.untilAnswered("by label", func() bool { return u.findsByLabel(label, ids) })
	}
	return len(listed), images
}

// findsByLabel fails the test unless a list by label has these tasks, and reports whether it was answered.
func (u *user) findsByLabel(label string, ids []string) (answered bool) {
	a := call(u.Workload, "list by label", func() ([]client.Task, error) {
		return u.client.Tasks(u.t.Context(), url.Values{"label": {label}})
	})
	for _, id := range ids {
		if !a.failed() && !slices.ContainsFunc(a.value, func(t client.Task) bool { return t.ID == id }) {
			u.t.Errorf("task %s is not found by its label %q", id, label)
		}
	}
	return !a.failed()
}

// untilAnswered repeats a call a few times until it is answered.
func (u *user) untilAnswered(what string, ask func() (answered bool)) {
	for range 5 {
		if ask() {
			return
		}
		Pause(u.t.Context(), time.Second)
	}
	u.t.Errorf("%s: no answer, although everything works", what)
}
