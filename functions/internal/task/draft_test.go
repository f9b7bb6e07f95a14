package task

import (
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

const (
	someID  = "019c0a5d-ac96-774b-bcce-b302099a8057"
	someDay = "2026-02-28"
)

var now = time.Date(2026, 2, 1, 12, 0, 0, 123456000, time.UTC)

func TestNewKeepsTheDraft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ id, title, body, dueDate, wantTitle string }{
		"all fields":                         {someID, "Buy milk", "Two litres", someDay, "Buy milk"},
		"empty body":                         {someID, "Buy milk", "", someDay, "Buy milk"},
		"white space around the title":       {someID, " \t\n\u00a0\u2003Buy  milk\r\n", "", someDay, "Buy  milk"},
		"white space around the body":        {someID, "x", " \n kept \n ", someDay, "x"},
		"title of 1 character":               {someID, "x", "", someDay, "x"},
		"title of 255 characters":            {someID, strings.Repeat("x", 255), "", someDay, strings.Repeat("x", 255)},
		"255 characters of 2 bytes":          {someID, strings.Repeat("é", 255), "", someDay, strings.Repeat("é", 255)},
		"255 emoji of 4 bytes":               {someID, strings.Repeat("🐈", 255), "", someDay, strings.Repeat("🐈", 255)},
		"255 characters after normalization": {someID, strings.Repeat("e\u0301", 255), "", someDay, strings.Repeat("é", 255)},
		"255 characters after trimming": {someID, strings.Repeat(" ", 300) + strings.Repeat("x", 255) + " ", "", someDay,
			strings.Repeat("x", 255)},
		"markup and quotes":       {someID, `<b>"Robert'); DROP`, `{"a": 1}`, someDay, `<b>"Robert'); DROP`},
		"emoji of a family":       {someID, "👨‍👩‍👧", "", someDay, "👨‍👩‍👧"},
		"bidi controls":           {someID, "\u2067שלום\u2069", "", someDay, "\u2067שלום\u2069"},
		"tab and line feed":       {someID, "a\tb\nc", "a\tb\nc\n", someDay, "a\tb\nc"},
		"body of 65,535 bytes":    {someID, "x", strings.Repeat("x", 65535), someDay, "x"},
		"body of 65,535 in emoji": {someID, "x", strings.Repeat("🐈", 16383) + "abc", someDay, "x"},
		"id in capitals":          {strings.ToUpper(someID), "x", "", someDay, "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := New(Draft{c.id, c.title, c.body, c.dueDate}, now)
			require.NoError(t, err)
			require.Equal(t, Task{
				ID: uuid.MustParse(someID), Title: c.wantTitle, Body: c.body, DueDate: Date(c.dueDate), CreatedAt: NewTime(now), UpdatedAt: NewTime(now),
				Version: 1, ImageStatus: ImageNone, Labels: []string{}, Predictions: []Prediction{},
			}, got)
		})
	}
}

func TestTextsAreStoredNormalized(t *testing.T) {
	t.Parallel()
	title, body, version := "Zu\u0308rich ", "a\r\nZu\u0308rich", uint32(1)
	made, err := New(Draft{Title: title, Body: body, DueDate: someDay}, now)
	require.NoError(t, err)
	changed, err := Change{Title: &title, Body: &body, Version: &version}.Validate()
	require.NoError(t, err)
	changed.Apply(&made)
	require.Equal(t, []string{"Zürich", "a\nZürich"}, []string{made.Title, made.Body})
	require.Equal(t, []string{"Zürich", "a\nZürich"}, []string{*changed.Title, *changed.Body})
}

func TestNewMakesAnID(t *testing.T) {
	t.Parallel()
	last := ""
	for range 100 {
		d, err := New(Draft{Title: "x", DueDate: someDay}, now)
		require.NoError(t, err)
		require.Equal(t, uuid.Version(7), d.ID.Version())
		require.Equal(t, uuid.RFC4122, d.ID.Variant())
		require.Greater(t, d.ID.String(), last, "ids grow with time")
		last = d.ID.String()
	}
}

// idOf returns a UUIDv7 of this time.
func idOf(moment time.Time) string {
	id := uuid.MustParse(someID)
	for i, ms := 5, moment.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		id[i] = byte(ms)
	}
	return id.String()
}

func TestIDsOfAWeekOfflineAreAccepted(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		from    time.Duration // now
		problem string
	}{
		"a week offline":            {-7 * day, ""},
		"90 days ago":               {-90 * day, ""},
		"a millisecond longer ago":  {-90*day - time.Millisecond, "must not be older than 90 days"},
		"50 years ago":              {-50 * 365 * day, "must not be older than 90 days"},
		"a day ahead":               {day, ""},
		"a millisecond more":        {day + time.Millisecond, "must not be of a time more than a day from now: please check the clock of this device"},
		"a hundred years from then": {100 * 365 * day, "must not be of a time more than a day from now: please check the clock of this device"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := now.Truncate(time.Millisecond)
			got, err := New(Draft{ID: idOf(at.Add(c.from)), Title: "x", DueDate: someDay}, at)
			if c.problem != "" {
				requireFields(t, err, map[string]string{"id": c.problem})
				return
			}
			require.NoError(t, err)
			require.Equal(t, NewTime(at), got.CreatedAt, "the time in the id is not that of the creation")
		})
	}
}

func TestAChangeIsAppliedOnlyIfAllItsFieldsAre(t *testing.T) {
	t.Parallel()
	title, other, day, yes := "x", "y", someDay, true
	mine := Task{Title: "x", Body: "x", DueDate: someDay, Completed: true}
	require.True(t, Change{Title: &title, Body: &title, DueDate: &day, Completed: &yes}.IsApplied(mine))
	for name, c := range map[string]Change{
		"title": {Title: &other, Completed: &yes}, "body": {Body: &other, Completed: &yes}, "dueDate": {DueDate: &other, Completed: &yes},
		"completed": {Title: &title, Completed: new(bool)},
	} {
		require.False(t, c.IsApplied(mine), name)
	}
}

func TestNewNamesTheInvalidField(t *testing.T) {
	t.Parallel()
	const noUUID = "must be a UUID of version 7"
	for name, c := range map[string]struct{ id, title, body, dueDate, field, problem string }{
		"no title":                           {someID, "", "", someDay, "title", "is required"},
		"title of white space":               {someID, " \t\r\n\u00a0\u3000", "", someDay, "title", "is required"},
		"title of a zero-width space":        {someID, "\u200b", "", someDay, "title", "is required"},
		"title of a byte order mark":         {someID, " \ufeff ", "", someDay, "title", "is required"},
		"title of a Hangul filler":           {someID, "\u3164", "", someDay, "title", "is required"},
		"title of combining marks":           {someID, "\u0301\u0302", "", someDay, "title", "is required"},
		"title with a NUL":                   {someID, "a\x00b", "", someDay, "title", "must not contain control characters"},
		"title with a carriage return":       {someID, "a\rb", "", someDay, "title", "must not contain control characters"},
		"title with a control at its end":    {someID, "a\v", "", someDay, "title", "must not contain control characters"},
		"body with an escape":                {someID, "x", "\x1b[31m", someDay, "body", "must not contain control characters"},
		"256 characters after decomposition": {someID, strings.Repeat("\u0958", 128), "", someDay, "title", "must have at most 255 characters"},
		"65,536 bytes after decomposition":   {someID, "x", strings.Repeat("\u0958", 10923), someDay, "body", "must have at most 65535 bytes"},
		"title of 256 characters":            {someID, strings.Repeat("x", 256), "", someDay, "title", "must have at most 255 characters"},
		"title of 256 emoji":                 {someID, strings.Repeat("🐈", 256), "", someDay, "title", "must have at most 255 characters"},
		"body of 65,536 bytes":               {someID, "x", strings.Repeat("x", 65536), someDay, "body", "must have at most 65535 bytes"},
		"body of 65,536 in emoji":            {someID, "x", strings.Repeat("🐈", 16384), someDay, "body", "must have at most 65535 bytes"},
		"no due date":                        {someID, "x", "", "", "dueDate", "must be a real date, written YYYY-MM-DD"},
		"nonexistent due date":               {someID, "x", "", "2026-02-29", "dueDate", "must be a real date, written YYYY-MM-DD"},
		"id that is no UUID":                 {"7", "x", "", someDay, "id", noUUID},
		"id of white space":                  {" ", "x", "", someDay, "id", noUUID},
		"id and a trailing space":            {someID + " ", "x", "", someDay, "id", noUUID},
		"id of version 4":                    {"019c0a5d-ac96-474b-bcce-b302099a8057", "x", "", someDay, "id", noUUID},
		"id of version 1":                    {"019c0a5d-ac96-174b-bcce-b302099a8057", "x", "", someDay, "id", noUUID},
		"id of version 8":                    {"019c0a5d-ac96-874b-bcce-b302099a8057", "x", "", someDay, "id", noUUID},
		"id of NCS's variant":                {"019c0a5d-ac96-774b-7cce-b302099a8057", "x", "", someDay, "id", noUUID},
		"id of Microsoft's variant":          {"019c0a5d-ac96-774b-dcce-b302099a8057", "x", "", someDay, "id", noUUID},
		"id of the future variant":           {"019c0a5d-ac96-774b-fcce-b302099a8057", "x", "", someDay, "id", noUUID},
		"nil id":                             {uuid.Nil.String(), "x", "", someDay, "id", noUUID},
		"greatest id":                        {uuid.Max.String(), "x", "", someDay, "id", noUUID},
		"id in braces":                       {"{" + someID + "}", "x", "", someDay, "id", noUUID},
		"id as URN":                          {"urn:uuid:" + someID, "x", "", someDay, "id", noUUID},
		"id without dashes":                  {strings.ReplaceAll(someID, "-", ""), "x", "", someDay, "id", noUUID},
		"id with a wrong digit":              {"019c0a5d-ac96-774b-bcce-b302099a805g", "x", "", someDay, "id", noUUID},
		"id with dashes elsewhere":           {"01890a5da-c96-774b-bcce-b302099a8057", "x", "", someDay, "id", noUUID},
		"id of 36 bytes, not ASCII":          {strings.Repeat("é", 18), "x", "", someDay, "id", noUUID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := New(Draft{c.id, c.title, c.body, c.dueDate}, now)
			requireFields(t, err, map[string]string{c.field: c.problem})
			require.Zero(t, d)
		})
	}
}

func TestNewNamesEveryInvalidField(t *testing.T) {
	t.Parallel()
	_, err := New(Draft{"x", " ", strings.Repeat("x", 65536), "tomorrow"}, now)
	requireFields(t, err, map[string]string{
		"id":      "must be a UUID of version 7",
		"title":   "is required",
		"body":    "must have at most 65535 bytes",
		"dueDate": "must be a real date, written YYYY-MM-DD",
	})
}

func TestChangeObeysTheRulesOfADraft(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	yes, one, zero := true, uint32(1), uint32(0)
	for name, c := range map[string]struct {
		change Change
		field  string
	}{
		"a blank title":     {Change{Title: text(" "), Version: &one}, "title"},
		"a long title":      {Change{Title: text(strings.Repeat("é", 256)), Version: &one}, "title"},
		"a long body":       {Change{Body: text(strings.Repeat("x", 65536)), Version: &one}, "body"},
		"a nonexistent day": {Change{DueDate: text("2026-02-29"), Version: &one}, "dueDate"},
		"no version":        {Change{Completed: &yes}, "version"},
		"version 0":         {Change{Completed: &yes, Version: &zero}, "version"},
	} {
		_, err := c.change.Validate()
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Contains(t, f.Fields, c.field, name)
	}
	_, err := Change{Version: &one}.Validate()
	require.True(t, fault.Is(err, fault.Invalid))

	checked, err := Change{Title: text("  trimmed "), Version: &one}.Validate()
	require.NoError(t, err)
	require.Equal(t, "trimmed", *checked.Title)
}

func requireFields(t *testing.T, err error, fields map[string]string) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Invalid, f.Kind)
	require.Equal(t, "invalid_fields", f.Code)
	require.Equal(t, fields, f.Fields)
}

func TestAChangeAppliesOnlyItsFields(t *testing.T) {
	t.Parallel()
	title, body, day, completed := "new", "new body", "2027-01-01", true
	before := Task{Title: "old", Body: "old body", DueDate: "2026-12-24", Version: 3}
	same := before
	Change{}.Apply(&same)
	require.Equal(t, before, same)
	Change{Title: &title, Body: &body, DueDate: &day, Completed: &completed}.Apply(&same)
	require.Equal(t, Task{Title: title, Body: body, DueDate: "2027-01-01", Completed: true, Version: 3}, same)
}
