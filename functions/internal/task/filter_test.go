package task

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newFilter(fields map[string]string) (Filter, error) {
	query := url.Values{}
	for name, value := range fields {
		query.Set(name, value)
	}
	return ParseFilter(query, noon)
}

func TestDueFiltersAreRelativeToTheClientsDay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		due, today string
		from, to   Date
	}{
		"overdue, UTC":       {"overdue", "", "", "2026-11-22"},
		"today, UTC":         {"today", "", "2026-11-23", "2026-11-23"},
		"week, UTC":          {"week", "", "2026-11-23", "2026-11-29"},
		"today, there":       {"today", "2026-11-24", "2026-11-24", "2026-11-24"},
		"overdue, leap year": {"overdue", "2028-03-01", "", "2028-02-29"},
		"week, end of time":  {"week", "9999-12-30", "9999-12-30", "9999-12-31"},
		"none":               {"", "2026-11-24", "", ""},
	} {
		f, err := newFilter(map[string]string{"due": c.due, "today": c.today})
		require.NoError(t, err, name)
		require.Equal(t, c.from, f.DueFrom, name)
		require.Equal(t, c.to, f.DueTo, name)
	}
}

func TestOverdueTasksAreOpenOnesUnlessAskedOtherwise(t *testing.T) {
	t.Parallel()
	f, err := newFilter(map[string]string{"due": "overdue"})
	require.NoError(t, err)
	require.False(t, *f.Completed)
	f, err = newFilter(map[string]string{"due": "overdue", "status": "done"})
	require.NoError(t, err)
	require.True(t, *f.Completed)
}

func TestSearchedTextIsNormalized(t *testing.T) {
	t.Parallel()
	f, err := newFilter(map[string]string{"q": "Zu\u0308rich", "label": "cafe\u0301"})
	require.NoError(t, err)
	require.Equal(t, "Zürich", f.Text)
	require.Equal(t, "café", f.Label)
}

func TestFilterRefuses(t *testing.T) {
	t.Parallel()
	id := Task{ID: uuid.Must(uuid.NewV7()), DueDate: "2026-12-24"}
	byDue := Filter{Sort: ByDue}.Cursor(id)
	long := strings.Repeat("é", 256)
	for name, c := range map[string]struct{ field, value string }{
		"status":                  {"status", "OPEN"},
		"due":                     {"due", "tomorrow"},
		"today":                   {"today", "2026-02-30"},
		"sort":                    {"sort", "title"},
		"limit 0":                 {"limit", "0"},
		"limit 1001":              {"limit", "1001"},
		"limit text":              {"limit", "ten"},
		"long q":                  {"q", long},
		"long label":              {"label", long},
		"control in q":            {"q", "a\x00b"},
		"control in label":        {"label", "pier\x1b"},
		"garbage cursor":          {"cursor", "garbage"},
		"cursor of another order": {"cursor", byDue},
		"truncated cursor":        {"cursor", byDue[:10]},
		"cursor of version 1":     {"cursor", "YwGiCGt5PXIMoEIsWrakI2Y"},
	} {
		_, err := newFilter(map[string]string{c.field: c.value})
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Contains(t, f.Fields, c.field, name)
	}
}

func TestCursorNamesTheLastTask(t *testing.T) {
	t.Parallel()
	last := Task{ID: uuid.Must(uuid.NewV7()), DueDate: "2026-12-24", CreatedAt: "2026-11-23T12:39:50.845136Z"}
	for _, sort := range []Sort{ByCreated, ByDue} {
		place, err := parseCursor(Filter{Sort: sort}.Cursor(last), sort)
		require.NoError(t, err)
		require.Equal(t, last.ID, place.ID)
		require.Equal(t, sort == ByCreated, place.CreatedAt == last.CreatedAt)
		require.Equal(t, sort == ByDue, place.DueDate == last.DueDate)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(Filter{Sort: ByCreated}.Cursor(Task{}))
	f.Add(Filter{Sort: ByDue}.Cursor(Task{DueDate: "2026-12-24"}))
	f.Add("")
	f.Add("Yw")
	f.Add("Y___________________________________")
	f.Fuzz(func(t *testing.T, text string) {
		for _, sort := range []Sort{ByCreated, ByDue, ""} {
			place, err := parseCursor(text, sort)
			if err == nil && text != (Filter{Sort: sort}).Cursor(Task{ID: place.ID, CreatedAt: place.CreatedAt, DueDate: place.DueDate}) {
				t.Fatalf("%q is not the cursor of the place that it was parsed to", text)
			}
		}
	})
}

func FuzzFilter(f *testing.F) {
	f.Add("open", "week", "2026-11-23", "pier", "100%", "due", "20", "Y3Vyc29y")
	f.Add("", "overdue", "1000-01-01", "", "", "", "", "")
	f.Add("done", "week", "9999-12-31", "'", "!_%", "created", "1000", "")
	f.Fuzz(func(t *testing.T, status, due, today, label, q, sort, limit, cursor string) {
		fields := map[string]string{"status": status, "due": due, "today": today, "label": label, "q": q, "sort": sort, "limit": limit, "cursor": cursor}
		filter, err := newFilter(fields)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
			return
		}
		require.True(t, filter.Limit >= 1 && filter.Limit <= maxLimit)
		require.NotContains(t, filter.Text, "\x00")
		for _, day := range []Date{filter.DueFrom, filter.DueTo} {
			require.True(t, day == "" || len(day) == len("2026-11-23"), "%q", day)
		}
	})
}
