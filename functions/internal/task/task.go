// Package task holds what a task, its picture's predictions and its owner are, and the rules they keep. It does no I/O.
package task

import (
	"time"

	"github.com/google/uuid"
)

// Owner says for whom a statement runs: the user, and the session that must be alive for it.
type Owner struct {
	UserID    uuid.UUID
	SessionID uuid.UUID
}

// Task is a thing to do, as it is stored and as clients see it.
type Task struct {
	ID          uuid.UUID
	Title       string
	Body        string
	DueDate     Date
	Completed   bool
	CreatedAt   time.Time // UTC, microseconds
	UpdatedAt   time.Time // UTC, microseconds
	Version     uint32    // 1 at first; grows with every change
	ImageKey    string    // where package objects keeps the picture; empty without one
	ImageStatus ImageStatus
	Predictions []Prediction // best first; empty unless ImageStatus is ImageDone
}

// ImageStatus says how far a task's picture has come.
type ImageStatus string

const (
	ImageNone    ImageStatus = "none"    // no picture
	ImagePending ImageStatus = "pending" // kept, not recognised yet
	ImageDone    ImageStatus = "done"    // kept and recognised
	ImageFailed  ImageStatus = "failed"  // kept, but the classifier refused it
)

// Prediction is one class the classifier sees in a picture.
type Prediction struct {
	Label string  `json:"label"` // first synonym of the ImageNet-1k class name
	Score float64 `json:"score"` // softmax, 0..1
}

// PredictionCount is how many of the classifier's thousand classes a task keeps.
const PredictionCount = 10

// ShownPredictions are the predictions strong enough to be shown and searched by default: those that score at least
// 0.05 and at least a third of the best. Predictions must be best first.
func ShownPredictions(all []Prediction) []Prediction {
	for i, p := range all {
		if p.Score < max(0.05, all[0].Score/3) {
			return all[:i]
		}
	}
	return all
}
