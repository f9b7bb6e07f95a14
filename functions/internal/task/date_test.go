package task

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimeIsUTCToTheMicrosecond(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 2*60*60)
	for want, moment := range map[Time]time.Time{
		"2026-03-01T10:00:00.000000Z": time.Date(2026, 3, 1, 12, 0, 0, 0, east),
		"2026-03-01T10:00:00.500000Z": time.Date(2026, 3, 1, 12, 0, 0, 500000000, east),
		"2026-03-01T10:00:00.000001Z": time.Date(2026, 3, 1, 12, 0, 0, 1999, east),
		"2026-03-01T23:30:00.123456Z": time.Date(2026, 3, 2, 1, 30, 0, 123456789, east),
		"0001-01-01T00:00:00.000000Z": {},
	} {
		require.Equal(t, want, NewTime(moment))
		require.Equal(t, moment.UTC().Truncate(time.Microsecond), want.Time())
	}
}

func TestParseDateAcceptsRealDates(t *testing.T) {
	t.Parallel()
	for _, day := range []string{
		"1000-01-01", "9999-12-31", "2026-01-31", "2026-04-30", "2026-02-28",
		"2024-02-29", "2000-02-29", // leap years: every fourth year, and every four hundredth
	} {
		t.Run(day, func(t *testing.T) {
			t.Parallel()
			d, err := ParseDate(day)
			require.NoError(t, err)
			require.Equal(t, Date(day), d)
		})
	}
}

func TestParseDateRefusesOthers(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":                 "",
		"white space":             " ",
		"29 February of 2026":     "2026-02-29",
		"29 February of 1900":     "1900-02-29",
		"29 February of 2100":     "2100-02-29",
		"30 February":             "2024-02-30",
		"31 April":                "2026-04-31",
		"day 0":                   "2026-01-00",
		"day 32":                  "2026-01-32",
		"month 0":                 "2026-00-10",
		"month 13":                "2026-13-01",
		"SQL's zero date":         "0000-00-00",
		"before SQL's first year": "0999-12-31",
		"year of 5 digits":        "10000-01-01",
		"year of 2 digits":        "26-01-01",
		"negative year":           "-2026-01-01",
		"month of 1 digit":        "2026-1-01",
		"day of 1 digit":          "2026-01-1",
		"day first":               "31-12-2026",
		"slashes":                 "2026/01/01",
		"no dashes":               "20260101",
		"with a time":             "2026-01-01T00:00:00Z",
		"a trailing space":        "2026-01-01 ",
		"a space before":          " 2026-01-01",
		"a trailing NUL":          "2026-01-01\x00",
		"digits of another kind":  "２０２６-01-01",
		"a word":                  "tomorrow",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := ParseDate(text)
			require.EqualError(t, err, "must be a real date, written YYYY-MM-DD")
			require.Empty(t, d)
		})
	}
}
