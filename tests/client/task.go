package client

// Draft contains the fields that a person writes.
type Draft struct {
	Title   string `json:"title"`
	Body    string `json:"body"`
	DueDate string `json:"dueDate"` // YYYY-MM-DD
}

// Change is the body of UpdateTask: every field that a person may change, and the version that they saw.
type Change struct {
	Draft
	Completed bool `json:"completed"`
	Version   int  `json:"version"`
}

// Task is a task as functions return it.
type Task struct {
	ID string `json:"id"`
	Change
	CreatedAt   string       `json:"createdAt"`
	UpdatedAt   string       `json:"updatedAt"`
	Upload      bool         `json:"upload"`      // whether an image is attached
	ImageStatus string       `json:"imageStatus"` // none, pending, done or failed
	Labels      []string     `json:"labels"`
	Predictions []Prediction `json:"predictions"`
	Uploading   bool         `json:"uploading"`   // whether it awaits an upload
	UploadError *string      `json:"uploadError"` // code of the fault because of which the last upload failed
}

// Prediction is a label with its score, from 0 to 1.
type Prediction struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
}
