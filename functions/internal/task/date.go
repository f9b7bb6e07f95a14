package task

import (
	"errors"
	"time"
)

// Time is a point in time as clients see it: RFC 3339 in UTC with all six digits of microseconds, so that times sort as text. It
// is a string because formatting time.Time took more than half of the time to encode a list as JSON.
type Time string

// NewTime returns t, truncated to microseconds.
func NewTime(t time.Time) Time {
	b := t.UTC().Truncate(time.Microsecond).AppendFormat(make([]byte, 0, 32), time.RFC3339Nano)
	b = b[:len(b)-len("Z")]
	if len(b) == len(time.DateTime) { // no fraction
		b = append(b, '.')
	}
	for len(b) < len("2006-01-02T15:04:05.000000") {
		b = append(b, '0')
	}
	return Time(append(b, 'Z'))
}

// Time returns t as a time.Time in UTC.
func (t Time) Time() time.Time {
	moment, _ := time.Parse(time.RFC3339Nano, string(t))
	return moment
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
