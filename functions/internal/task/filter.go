package task

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/text"

	"github.com/google/uuid"
)

// Sort is the order of a list of tasks.
type Sort string

const (
	ByCreated Sort = "created" // newest first
	ByDue     Sort = "due"     // earliest due date first, older tasks first within a day
)

const (
	defaultLimit = 100
	maxLimit     = 1000
	maxText      = 255 // characters of a search or a label
)

// parameters are the query parameters that ParseFilter accepts; id selects one task.
var parameters = []string{"id", "status", "due", "today", "label", "q", "sort", "limit", "cursor"}

// Filter selects tasks of a user, their order, and where the list starts.
type Filter struct {
	Completed *bool  // nil for both
	DueFrom   Date   // earliest due date; empty for any
	DueTo     Date   // latest due date; empty for any
	Label     string // one of the shown labels; empty for any
	Text      string // in title or body, without regard to case and accents; empty for any
	Sort      Sort
	Limit     int // 1 to 1,000
	After     *Place
}

// Place is the place of a task in a sorted list.
type Place struct {
	CreatedAt Time // only in a list sorted ByCreated
	DueDate   Date // only in a list sorted ByDue
	ID        uuid.UUID
}

// ParseFilter parses a query. A due filter is relative to today, the client's day, or else to the day of now in UTC; overdue
// tasks are open ones. Unknown parameters are refused: with a misspelt one, the list would be too long. The
// fault names every parameter that is wrong.
func ParseFilter(query url.Values, now time.Time) (Filter, error) {
	get := query.Get
	f := Filter{Sort: Sort(get("sort")), Limit: defaultLimit}
	fields := map[string]string{}
	for name := range query {
		if !slices.Contains(parameters, name) {
			fields[name] = "is not a parameter of this function"
		}
	}
	f.setStatus(get("status"), fields)
	f.setDue(get("due"), get("today"), now, fields)
	f.Label = cleanQuery("label", get("label"), fields)
	f.Text = cleanQuery("q", get("q"), fields)
	if f.Sort == "" {
		f.Sort = ByCreated
	}
	if !slices.Contains([]Sort{ByCreated, ByDue}, f.Sort) {
		fields["sort"] = "must be created or due"
	}
	if limit := get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > maxLimit {
			fields["limit"] = fmt.Sprintf("must be a whole number from 1 to %d", maxLimit)
		}
		f.Limit = n
	}
	if cursor := get("cursor"); cursor != "" {
		place, err := parseCursor(cursor, f.Sort)
		if err != nil {
			fields["cursor"] = "is not a cursor of this list"
		}
		f.After = &place
	}
	if len(fields) > 0 {
		return Filter{}, fault.InvalidFields(fields)
	}
	return f, nil
}

// cleanQuery returns the text of a parameter in the form in which text is stored, or notes what is wrong with it in fields.
func cleanQuery(name, sent string, fields map[string]string) string {
	clean, err := text.Normalize(sent)
	switch {
	case err != nil:
		fields[name] = err.Error()
	case utf8.RuneCountInString(clean) > maxText:
		fields[name] = fmt.Sprintf("must have at most %d characters", maxText)
	}
	return clean
}

func (f *Filter) setStatus(status string, fields map[string]string) {
	switch status {
	case "":
	case "open", "done":
		completed := status == "done"
		f.Completed = &completed
	default:
		fields["status"] = "must be open or done"
	}
}

func (f *Filter) setDue(due, today string, now time.Time, fields map[string]string) {
	day := now.UTC()
	if today != "" {
		date, err := ParseDate(today)
		if err != nil {
			fields["today"] = err.Error()
			return
		}
		day = date.time()
	}
	switch due {
	case "":
	case "overdue":
		f.DueTo = dateOf(day.AddDate(0, 0, -1))
		if f.Completed == nil {
			open := false
			f.Completed = &open
		}
	case "today":
		f.DueFrom, f.DueTo = dateOf(day), dateOf(day)
	case "week":
		f.DueFrom, f.DueTo = dateOf(day), dateOf(day.AddDate(0, 0, 6))
	default:
		fields["due"] = "must be overdue, today or week"
	}
}

// Cursor returns an opaque string from which the list continues after the task last.
func (f Filter) Cursor(last Task) string {
	raw := append([]byte{f.Sort[0]}, last.ID[:]...)
	if f.Sort == ByDue {
		raw = append(raw, last.DueDate...)
	} else {
		raw = binary.BigEndian.AppendUint64(raw, uint64(last.CreatedAt.Time().UnixMicro()))
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseCursor(cursor string, sort Sort) (Place, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") { // the decoder skips them
		return Place{}, errors.New("not base64url")
	}
	const head = 1 + len(uuid.UUID{})
	if len(raw) < head || sort == "" || raw[0] != sort[0] {
		return Place{}, fmt.Errorf("a cursor of %d bytes", len(raw))
	}
	p := Place{ID: uuid.UUID(raw[1:head])}
	if sort == ByDue {
		p.DueDate, err = ParseDate(string(raw[head:]))
		return p, err
	}
	if len(raw) != head+8 {
		return Place{}, fmt.Errorf("a cursor of %d bytes", len(raw))
	}
	created := time.UnixMicro(int64(binary.BigEndian.Uint64(raw[head:]))).UTC()
	if created.Year() < 1 || created.Year() > 9999 {
		return Place{}, fmt.Errorf("a cursor of the year %d", created.Year())
	}
	p.CreatedAt = NewTime(created)
	return p, nil
}
