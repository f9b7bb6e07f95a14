package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"snaptask/functions/internal/task"
)

// columns are a task's, in the order that a taskRow reads them.
const columns = `t.id, t.title, t.body, CAST(t.due_date AS CHAR), t.completed, t.created_at, t.updated_at, t.version, t.image_key, t.image_status, t.predictions`

// taskRow reads one row after another. The columns that scan makes something else of are read where the driver has them, without
// a copy: a RawBytes is good until the next row.
type taskRow struct {
	task            task.Task
	version         int64
	id              sql.RawBytes
	status, guesses sql.RawBytes
	into            []any
}

func newTaskRow() *taskRow {
	r := &taskRow{}
	t := &r.task
	r.into = []any{&r.id, &t.Title, &t.Body, (*string)(&t.DueDate), &t.Completed, &t.CreatedAt, &t.UpdatedAt, &r.version, &t.ImageKey, &r.status, &r.guesses}
	return r
}

func (r *taskRow) scan(rows *sql.Rows) (task.Task, error) {
	if err := rows.Scan(r.into...); err != nil {
		return task.Task{}, err
	}
	t := r.task
	if len(r.id) != len(t.ID) {
		return task.Task{}, fmt.Errorf("a task's id of %d bytes", len(r.id))
	}
	copy(t.ID[:], r.id)
	t.Version = uint32(r.version)
	t.ImageStatus = imageStatus(r.status)
	var err error
	if t.Predictions, err = decodePredictions(r.guesses); err != nil {
		return task.Task{}, fmt.Errorf("predictions of task %s: %w", t.ID, err)
	}
	return t, nil
}

// imageStatus makes no string for the usual ones.
func imageStatus(text []byte) task.ImageStatus {
	for _, s := range [...]task.ImageStatus{task.ImageNone, task.ImageDone, task.ImagePending, task.ImageFailed} {
		if string(text) == string(s) {
			return s
		}
	}
	return task.ImageStatus(text)
}

// decodePredictions reads a JSON array of predictions. What encodePredictions wrote, without anything to escape, it reads by
// itself, at a tenth of the time.
func decodePredictions(encoded []byte) ([]task.Prediction, error) {
	if string(encoded) == "[]" {
		return []task.Prediction{}, nil
	}
	if plain, ok := plainPredictions(string(encoded)); ok {
		return plain, nil
	}
	var predictions []task.Prediction
	err := json.Unmarshal(encoded, &predictions)
	return predictions, err
}

func plainPredictions(text string) (all []task.Prediction, ok bool) {
	all = make([]task.Prediction, 0, task.PredictionCount)
	for separator := "["; ; separator = "," {
		begun, isNext := strings.CutPrefix(text, separator+`{"label":"`)
		label, scored, isLabel := strings.Cut(begun, `","score":`)
		number, rest, isNumber := strings.Cut(scored, "}")
		if !isNext || !isLabel || !isNumber || strings.ContainsAny(label, `"\`) || number == "" || number[0] < '0' || number[0] > '9' {
			return nil, false
		}
		score, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, false
		}
		all = append(all, task.Prediction{Label: label, Score: score})
		if rest == "]" {
			return all, true
		}
		text = rest
	}
}
