package web

import (
	"strconv"

	"snaptask/functions/internal/task"
)

// Task is what clients read of a task.
func Task(t task.Task) any { return oneTask{t} }

// Tasks is what clients read of several; an empty array when there are none.
func Tasks(all []task.Task) any { return tasks(all) }

type (
	oneTask struct{ task.Task }
	tasks   []task.Task
)

func (t oneTask) size() int { return sizeOf(&t.Task) }

func (t oneTask) appendJSON(b []byte) []byte { return appendTask(b, &t.Task) }

func (all tasks) size() int {
	size := len("[]")
	for i := range all {
		size += sizeOf(&all[i]) + len(",")
	}
	return size
}

func (all tasks) appendJSON(b []byte) []byte {
	b = append(b, '[')
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTask(b, &all[i])
	}
	return append(b, ']')
}

// sizeOf is how many bytes a task takes as JSON, if its text has nothing to escape.
func sizeOf(t *task.Task) int {
	const (
		names      = 310 // with all values of about one length
		prediction = len(`"",{"label":"","score":0.123456},`)
	)
	size := names + len(t.Title) + len(t.Body)
	for i := range t.Predictions {
		size += prediction + 2*len(t.Predictions[i].Label)
	}
	return size
}

// appendTask is the one place that says what clients read of a task.
func appendTask(b []byte, t *task.Task) []byte {
	b = append(b, `{"id":"`...)
	b = appendID(b, t.ID)
	b = append(b, `","title":`...)
	b = appendString(b, t.Title)
	b = append(b, `,"body":`...)
	b = appendString(b, t.Body)
	b = append(b, `,"dueDate":`...)
	b = appendString(b, string(t.DueDate))
	b = append(b, `,"completed":`...)
	b = strconv.AppendBool(b, t.Completed)
	b = append(b, `,"createdAt":"`...)
	b = appendTime(b, t.CreatedAt)
	b = append(b, `","updatedAt":"`...)
	b = appendTime(b, t.UpdatedAt)
	b = append(b, `","version":`...)
	b = strconv.AppendUint(b, uint64(t.Version), 10)
	b = append(b, `,"upload":`...)
	b = strconv.AppendBool(b, t.ImageKey != "")
	b = append(b, `,"imageStatus":`...)
	b = appendString(b, string(t.ImageStatus))
	b = append(b, `,"labels":[`...)
	for i := range t.Predictions {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, t.Predictions[i].Label)
	}
	b = append(b, `],"predictions":[`...)
	for i := range t.Predictions {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"label":`...)
		b = appendString(b, t.Predictions[i].Label)
		b = append(b, `,"score":`...)
		b = appendScore(b, t.Predictions[i].Score)
		b = append(b, '}')
	}
	return append(b, `]}`...)
}
