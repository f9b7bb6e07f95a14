package web

import (
	"snaptask/functions/internal/task"
)

// taskReply is a task as clients read it.
type taskReply struct {
	ID          string            `json:"id"`
	Title       string            `json:"title"`
	Body        string            `json:"body"`
	DueDate     string            `json:"dueDate"`
	Completed   bool              `json:"completed"`
	CreatedAt   string            `json:"createdAt"`
	UpdatedAt   string            `json:"updatedAt"`
	Version     uint32            `json:"version"`
	Upload      bool              `json:"upload"`
	ImageStatus string            `json:"imageStatus"`
	Labels      []string          `json:"labels"`
	Predictions []task.Prediction `json:"predictions"`
}

// Task is what clients read of a task.
func Task(t task.Task) any { return newTaskReply(t) }

// Tasks is what clients read of several; an empty array when there are none.
func Tasks(all []task.Task) any {
	replies := make([]taskReply, 0, len(all))
	for _, t := range all {
		replies = append(replies, newTaskReply(t))
	}
	return replies
}

func newTaskReply(t task.Task) taskReply {
	r := taskReply{
		ID: t.ID.String(), Title: t.Title, Body: t.Body, DueDate: string(t.DueDate), Completed: t.Completed,
		CreatedAt: Time(t.CreatedAt), UpdatedAt: Time(t.UpdatedAt), Version: t.Version,
		Upload: t.ImageKey != "", ImageStatus: string(t.ImageStatus),
		Labels: make([]string, 0, len(t.Predictions)), Predictions: t.Predictions,
	}
	if r.Predictions == nil {
		r.Predictions = []task.Prediction{}
	}
	for _, p := range t.Predictions {
		r.Labels = append(r.Labels, p.Label)
	}
	return r
}
