// Package task defines tasks, the predictions for their photos, their owners, and the validation rules. It does no I/O.
package task

import (
	"encoding/json"

	"github.com/google/uuid"
)

// Owner identifies on whose behalf a statement runs: the user, and the session that must not have ended.
type Owner struct {
	UserID    uuid.UUID
	SessionID uuid.UUID
}

// Device is a device from which a user has signed in before.
type Device struct {
	UserID, ID uuid.UUID
}

// Task is a task as it is stored and as clients see it.
type Task struct {
	ID          uuid.UUID    `json:"id"` // UUIDv7
	Title       string       `json:"title"`
	Body        string       `json:"body"`
	DueDate     Date         `json:"dueDate"`
	Completed   bool         `json:"completed"`
	CreatedAt   Time         `json:"createdAt"`
	UpdatedAt   Time         `json:"updatedAt"`
	Version     uint32       `json:"version"` // starts at 1 and grows with every change
	Upload      bool         `json:"upload"`  // whether a photo is attached
	ImageKey    string       `json:"-"`       // where package objects keeps the photo; empty without one
	ImageBytes  int64        `json:"-"`       // what the photo takes in the object store
	ImageStatus ImageStatus  `json:"imageStatus"`
	Labels      []string     `json:"labels"`      // those of Predictions
	Predictions []Prediction `json:"predictions"` // best first; empty unless ImageStatus is ImageDone
	Uploading   bool         `json:"uploading"`   // whether it awaits an upload
	UploadError UploadError  `json:"uploadError"`
	UploadID    uuid.UUID    `json:"-"` // of the awaited upload; Nil without one
}

// ImageStatus is the state of a task's photo.
type ImageStatus string

const (
	ImageNone    ImageStatus = "none"    // no photo
	ImagePending ImageStatus = "pending" // kept, not recognised yet
	ImageDone    ImageStatus = "done"    // kept and recognised
	ImageFailed  ImageStatus = "failed"  // kept, but the classifier refused it
)

// Prediction is one class that the classifier sees in a photo.
type Prediction struct {
	Label string  `json:"label"` // first synonym of the ImageNet-1k class name
	Score float64 `json:"score"` // softmax, 0..1
}

// PredictionCount is how many of the classifier's thousand predictions a task keeps.
const PredictionCount = 10

// SetPhoto sets the photo of a task, none with an empty key, and the predictions for it, best first.
func (t *Task) SetPhoto(key string, status ImageStatus, predictions []Prediction) {
	t.Upload = key != ""
	t.ImageKey = key
	t.ImageStatus = status
	t.Predictions = predictions
	t.Labels = labels(predictions)
}

// UploadError is the code of the fault because of which the last upload did not become the task's photo. It is empty, in JSON
// null, if there is none.
type UploadError string

// MarshalJSON returns the code, or null.
func (e UploadError) MarshalJSON() ([]byte, error) {
	if e == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(e))
}

// SetUpload sets the upload that a task awaits, none with Nil, and why the one before failed.
func (t *Task) SetUpload(id uuid.UUID, failed UploadError) {
	t.Uploading = id != uuid.Nil
	t.UploadID = id
	t.UploadError = failed
}

// labels returns the labels of predictions, in their order.
func labels(predictions []Prediction) []string {
	all := make([]string, len(predictions))
	for i, p := range predictions {
		all[i] = p.Label
	}
	return all
}

// ShownPredictions returns the predictions that are shown and searched by default: those that score at least 0.05 and at
// least a third of the best. Predictions must be best first.
func ShownPredictions(all []Prediction) []Prediction {
	for i, p := range all {
		if p.Score < max(0.05, all[0].Score/3) {
			return all[:i]
		}
	}
	return all
}
