package task

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/text"

	"github.com/google/uuid"
)

const (
	MaxTitle = 255   // characters of a title
	MaxBody  = 65535 // bytes of a body, the size of a TEXT column
)

// Draft is a new task as a client writes it.
type Draft struct {
	ID      string `json:"id"` // optional
	Title   string `json:"title"`
	Body    string `json:"body"`
	DueDate string `json:"dueDate"`
}

// How far the time in the id of a new task may be from now. A client may send what it created offline weeks later, but the ids
// of deleted tasks are not kept for ever, and without them an old creation could be repeated.
const (
	maxIDAhead = 24 * time.Hour
	maxIDAge   = 90 * 24 * time.Hour
)

// New returns a draft as a task created now. Its texts are normalized by package text. Its title has something visible and 1
// to 255 characters after trimming, its body at most 65,535 bytes, its due date is a real one, and its id is either missing,
// in which case a new one is made, or a UUIDv7 of the last 90 days or the next day. The fault names every field that is wrong.
func New(d Draft, now time.Time) (Task, error) {
	created := NewTime(now)
	fields := map[string]string{}
	t := Task{
		Title: cleanTitle(d.Title, fields), Body: cleanBody(d.Body, fields), CreatedAt: created, UpdatedAt: created, Version: 1,
		ImageStatus: ImageNone, Labels: []string{}, Predictions: []Prediction{},
	}
	var err error
	if t.DueDate, err = ParseDate(d.DueDate); err != nil {
		fields["dueDate"] = err.Error()
	}
	if t.ID, err = parseNewID(d.ID, now); err != nil {
		fields["id"] = err.Error()
	}
	if len(fields) > 0 {
		return Task{}, fault.InvalidFields(fields)
	}
	return t, nil
}

// Change is a client's change of a task; nil leaves a field unchanged.
type Change struct {
	Title     *string `json:"title"`
	Body      *string `json:"body"`
	DueDate   *string `json:"dueDate"` // YYYY-MM-DD
	Completed *bool   `json:"completed"`
	Version   *uint32 `json:"version"` // the version that the client saw
}

// Validate returns the change with its texts normalized and its title trimmed. A valid change follows the rules of New, has a
// version, and changes something. The fault names every field that is wrong.
func (c Change) Validate() (Change, error) {
	fields := map[string]string{}
	if c.Title != nil {
		title := cleanTitle(*c.Title, fields)
		c.Title = &title
	}
	if c.Body != nil {
		body := cleanBody(*c.Body, fields)
		c.Body = &body
	}
	if c.DueDate != nil {
		if _, err := ParseDate(*c.DueDate); err != nil {
			fields["dueDate"] = err.Error()
		}
	}
	if c.Version == nil || *c.Version == 0 {
		fields["version"] = "is required: the version of the task that you changed"
	}
	if len(fields) > 0 {
		return Change{}, fault.InvalidFields(fields)
	}
	if c.Title == nil && c.Body == nil && c.DueDate == nil && c.Completed == nil {
		return Change{}, fault.New(fault.Invalid, "nothing_to_change", "Set at least one of title, body, dueDate and completed.")
	}
	return c, nil
}

// Apply changes the fields of a task that the change names, apart from the version. The change must be valid.
func (c Change) Apply(t *Task) {
	set(&t.Title, c.Title)
	set(&t.Body, c.Body)
	set((*string)(&t.DueDate), c.DueDate)
	set(&t.Completed, c.Completed)
}

// IsApplied reports whether Apply would change no field of the task.
func (c Change) IsApplied(t Task) bool {
	return has(t.Title, c.Title) && has(t.Body, c.Body) && has(string(t.DueDate), c.DueDate) && has(t.Completed, c.Completed)
}

func has[T comparable](field T, value *T) bool { return value == nil || *value == field }

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// cleanTitle returns a title in the form in which it is stored, or notes what is wrong with it in fields.
func cleanTitle(sent string, fields map[string]string) string {
	title, err := text.Normalize(sent)
	title = strings.TrimSpace(title)
	switch {
	case err != nil:
		fields["title"] = err.Error()
	case !text.Visible(title):
		fields["title"] = "is required"
	case utf8.RuneCountInString(title) > MaxTitle:
		fields["title"] = fmt.Sprintf("must have at most %d characters", MaxTitle)
	}
	return title
}

// cleanBody returns a body in the form in which it is stored, or notes what is wrong with it in fields.
func cleanBody(sent string, fields map[string]string) string {
	body, err := text.Normalize(sent)
	switch {
	case err != nil:
		fields["body"] = err.Error()
	case len(body) > MaxBody:
		fields["body"] = fmt.Sprintf("must have at most %d bytes", MaxBody)
	}
	return body
}

// parseNewID parses a client's UUIDv7, or makes one if there is none. The error is for the client.
func parseNewID(sent string, now time.Time) (uuid.UUID, error) {
	if sent == "" {
		return uuid.NewV7()
	}
	id, err := uuid.Parse(sent)
	if err != nil || len(sent) != 36 || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		return uuid.UUID{}, errors.New("must be a UUID of version 7")
	}
	made := time.Unix(id.Time().UnixTime())
	switch {
	case made.After(now.Add(maxIDAhead)):
		return uuid.UUID{}, errors.New("must not be of a time more than a day from now: please check the clock of this device")
	case made.Before(now.Add(-maxIDAge)):
		return uuid.UUID{}, errors.New("must not be older than 90 days")
	}
	return id, nil
}
