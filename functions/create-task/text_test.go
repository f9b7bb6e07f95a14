package function

import (
	"net/http"
	"testing"

	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestTextIsStoredNormalized(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)
	create := createAt(t, tasks)
	for sent, want := range map[string][2]string{
		"\ufeff" + `{"title": "x", "dueDate": "2026-12-01"}`:                                     {"x", ""},
		`{"title": "Zu\u0308rich", "body": "a\r\nb\tc", "dueDate": "2026-12-24"}`:                {"Zürich", "a\nb\tc"},
		`{"title": "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67", "dueDate": "2026-12-24"}`: {"👨‍👩‍👧", ""},
		`{"title": "\u1112\u1161\u11ab\u1100\u116e\u11a8", "dueDate": "2026-12-24"}`:             {"한국", ""},
		`{"title": "שלום \u2067abc\u2069", "body": "สวัสดี नमस्ते", "dueDate": "2026-12-24"}`:    {"שלום \u2067abc\u2069", "สวัสดี नमस्ते"},
		`{"title": "a\u2028b", "body": "\u200b", "dueDate": "2026-12-24"}`:                       {"a\u2028b", "\u200b"},
	} {
		answer := create(ada.Token, sent)
		require.Equal(t, http.StatusOK, answer.Status, "%s: %s", sent, answer.Body)
		var got testbed.Task
		answer.JSON(t, &got)
		require.Equal(t, want, [2]string{got.Title, got.Body}, sent)
	}
}

func TestTextThatBreaksARuleIsRefused(t *testing.T) {
	t.Parallel()
	tasks := testbed.Store(t)
	ada := testbed.SignIn(t, tasks)
	create := createAt(t, tasks)
	const control, required, repeated, unknown = "must not contain control characters", "is required", "is there more than once", "is not a field of this request"
	for sent, fields := range map[string]map[string]string{
		`{"title": "\u200b", "dueDate": "2026-12-24"}`:               {"title": required},
		`{"title": "\ufeff", "dueDate": "2026-12-24"}`:               {"title": required},
		`{"title": "\u3164", "dueDate": "2026-12-24"}`:               {"title": required},
		`{"title": " \u2800\n", "dueDate": "2026-12-24"}`:            {"title": required},
		`{"title": "\u0301\u0302\u0303", "dueDate": "2026-12-24"}`:   {"title": required},
		`{"title": "a\u0000b", "dueDate": "2026-12-24"}`:             {"title": control},
		`{"title": "x", "body": "\u001b", "dueDate": "2026-12-24"}`:  {"body": control},
		`{"title": "x", "body": "\u007f", "dueDate": "2026-12-24"}`:  {"body": control},
		`{"title": "x", "body": "\u0085", "dueDate": "2026-12-24"}`:  {"body": control},
		`{"title": "x", "body": "a\rb", "dueDate": "2026-12-24"}`:    {"body": control},
		`{"Title": "x", "dueDate": "2026-12-24"}`:                    {"Title": unknown},
		`{"title": "x", "duedate": "2026-12-24"}`:                    {"duedate": unknown},
		`{"title": "x", "title": "y", "dueDate": "2026-12-24"}`:      {"title": repeated},
		`{"title": "\ud83d", "dueDate": "2026-12-24"}`:               nil,
		`{"title": "x\udc08y", "dueDate": "2026-12-24"}`:             nil,
		"{\"title\": \"\xed\xa0\x80\", \"dueDate\": \"2026-12-24\"}": nil,
	} {
		answer := create(ada.Token, sent)
		require.Equal(t, http.StatusBadRequest, answer.Status, sent)
		require.Equal(t, fields, answer.Fault(t).Fields, sent)
	}
	all, _, err := tasks.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Empty(t, all)
}
