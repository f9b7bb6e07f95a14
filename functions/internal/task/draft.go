package task

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
)

const (
	maxTitle = 255   // characters
	maxBody  = 65535 // bytes, the size of a TEXT column
)

// Draft is a task that keeps the rules and is not stored yet.
type Draft struct {
	ID      uuid.UUID // UUIDv7
	Title   string
	Body    string
	DueDate Date
}

// NewDraft checks what a client wrote: a title of 1 to 255 characters after trimming, a body of at most 65,535 bytes,
// a real due date, and either no id, for which a new UUIDv7 is made, or one that the client made. The fault names every
// field that breaks its rule.
func NewDraft(id, title, body, dueDate string) (Draft, error) {
	d := Draft{Title: strings.TrimSpace(title), Body: body}
	fields := map[string]string{}
	checkTitle(d.Title, fields)
	checkBody(body, fields)
	var err error
	if d.DueDate, err = ParseDate(dueDate); err != nil {
		fields["dueDate"] = err.Error()
	}
	if d.ID, err = draftID(id); err != nil {
		fields["id"] = "must be a UUID of version 7"
	}
	if len(fields) > 0 {
		return Draft{}, fault.InvalidFields(fields)
	}
	return d, nil
}

func checkTitle(title string, fields map[string]string) {
	switch n := utf8.RuneCountInString(title); {
	case n == 0:
		fields["title"] = "is required"
	case n > maxTitle:
		fields["title"] = fmt.Sprintf("must have at most %d characters", maxTitle)
	}
}

func checkBody(body string, fields map[string]string) {
	if len(body) > maxBody {
		fields["body"] = fmt.Sprintf("must have at most %d bytes", maxBody)
	}
}

func draftID(text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.NewV7()
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.UUID{}, err
	}
	if len(text) != 36 || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		return uuid.UUID{}, fmt.Errorf("version %d", id.Version())
	}
	return id, nil
}
