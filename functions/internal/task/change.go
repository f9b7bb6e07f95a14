package task

import (
	"strings"

	"snaptask/functions/internal/fault"
)

// Change is what a client wants to be different about a task; nil leaves a part as it is.
type Change struct {
	Title     *string
	Body      *string
	DueDate   *string // YYYY-MM-DD
	Completed *bool
	Version   *uint32 // the version that the client saw
}

// Checked is the change with its title trimmed, if every part keeps the rules of NewDraft, something is to change, and
// the version is there. The fault names every field that is wrong.
func (c Change) Checked() (Change, error) {
	fields := map[string]string{}
	if c.Title != nil {
		title := strings.TrimSpace(*c.Title)
		c.Title = &title
		checkTitle(title, fields)
	}
	if c.Body != nil {
		checkBody(*c.Body, fields)
	}
	if c.DueDate != nil {
		if _, err := ParseDate(*c.DueDate); err != nil {
			fields["dueDate"] = err.Error()
		}
	}
	if c.Version == nil || *c.Version == 0 {
		fields["version"] = "is required: that of the task that was changed"
	}
	if len(fields) > 0 {
		return Change{}, fault.InvalidFields(fields)
	}
	if c.Title == nil && c.Body == nil && c.DueDate == nil && c.Completed == nil {
		return Change{}, fault.New(fault.Invalid, "nothing_to_change", "Name at least one of title, body, dueDate and completed.")
	}
	return c, nil
}
