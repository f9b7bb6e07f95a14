package task

import (
	"errors"
	"time"
)

// Date is a calendar day without a time or a zone, written YYYY-MM-DD.
type Date string

// ParseDate reads a day that exists, from 1000-01-01 to 9999-12-31 (the span of SQL's DATE).
func ParseDate(text string) (Date, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1000 {
		return "", errors.New("must be a real date, written YYYY-MM-DD")
	}
	return Date(text), nil
}

// dateOf is the day of t, or the last one that SQL knows.
func dateOf(t time.Time) Date {
	if t.Year() > 9999 {
		return "9999-12-31"
	}
	return Date(t.Format(time.DateOnly))
}

// time is the start of the day in UTC; d must be one that ParseDate gave.
func (d Date) time() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}
