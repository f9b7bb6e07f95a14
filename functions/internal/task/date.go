package task

import (
	"errors"
	"time"
)

// Time is a moment, in JSON as RFC 3339 in UTC to the microsecond.
type Time struct{ time.Time }

// MarshalJSON writes all six digits, so that times sort as text.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000000Z"`), nil
}

// Date is a calendar day without a time or a zone, written YYYY-MM-DD.
type Date string

// ParseDate parses a real date from 1000-01-01 to 9999-12-31, the range of SQL's DATE.
func ParseDate(text string) (Date, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1000 {
		return "", errors.New("must be a real date, written YYYY-MM-DD")
	}
	return Date(text), nil
}

// dateOf returns the day of t, or the last day of SQL's DATE if t is later.
func dateOf(t time.Time) Date {
	if t.Year() > 9999 {
		return "9999-12-31"
	}
	return Date(t.Format(time.DateOnly))
}

// time returns the start of the day in UTC. d must be valid.
func (d Date) time() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}
